"""What clients do, and what they must get.  What the emulator must have got meanwhile is in received.py.

A scenario is a function of a connection; its first line is its name.
"""

import base64
import concurrent.futures
import contextlib
import datetime
import json
import os
import re
import ssl
import urllib.error
import urllib.request

from azure.communication.email import EmailClient
from azure.communication.identity import CommunicationIdentityClient, CommunicationTokenScope
from azure.communication.phonenumbers import PhoneNumbersClient
from azure.communication.sms import SmsClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from connections import READ_SECONDS
from failure import Failure, expect, expect_equal

USER = re.compile(r"8:acs:[0-9a-f-]{36}_[0-9a-f-]{36}\Z")
ATTACHMENT_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 100_000
THREADS = 50


def create_user(connection):
    """a user is created"""
    user = connection.client(CommunicationIdentityClient).create_user()
    expect(USER.match(user.properties["id"]), f"the id of a user: {user.properties['id']}")


def token_life(connection):
    """a token is issued and revoked, its user deleted"""
    client = connection.client(CommunicationIdentityClient)
    user, token = client.create_user_and_token([CommunicationTokenScope.CHAT, CommunicationTokenScope.VOIP])
    payload = token.token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    expect_equal("8:" + claims["skypeid"], user.properties["id"], "the user of a token")
    expect_equal(claims["acsScope"], "chat,voip", "the scopes of a token")
    expires = datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", token.expires_on))
    expect_equal(claims["exp"], expires.timestamp(), "the end of a token's life")
    again = client.get_token(user, [CommunicationTokenScope.CHAT])
    expect(again.token != token.token, "a second token is the first again")
    client.revoke_tokens(user)
    client.delete_user(user)
    with _raises(ResourceNotFoundError, 404, "NotFound"):
        client.delete_user(user)


def send_sms(connection):
    """a text message of any language is sent"""
    message = "Grüße, 你好, שלום, 🚀 & \"quotes\" \\ / + % = end"
    results = connection.client(SmsClient).send("+18005550100", ["+14255550123", "+49 170"], message, tag="e2e")
    expect_equal([(result.to, result.http_status_code, result.successful) for result in results],
                 [("+14255550123", 202, True), ("+49 170", 400, False)], "the results of a text message")
    expect(results[0].message_id.startswith("Outgoing_"), "a message without an id")


def send_email(connection):
    """an e-mail with 8 MB attached is sent and followed to its end"""
    # Many times `body.memory`: it streams through a gateway with a token, or with the digest that the SDK declares.
    content = os.urandom(ATTACHMENT_BYTES)
    poller = connection.client(EmailClient).begin_send({
        "senderAddress": "sender@contoso.com",
        "recipients": {"to": [{"address": "somebody@contoso.com", "displayName": "Søren"}]},
        "content": {"subject": "Über 8 MB", "plainText": "attached"},
        "attachments": [{"name": "data.bin", "contentType": "application/octet-stream",
                         "contentInBase64": base64.b64encode(content).decode()}],
    })
    result = poller.result(timeout=60)
    expect_equal(result["status"], "Succeeded", "the end of an e-mail")
    polls = [sent for sent in connection.recorder.sent if sent.method == "GET"]
    expect(len(polls) >= 2, f"an e-mail was polled {len(polls)} times")
    for poll in polls:
        expect(f"//emails/operations/{result['id']}?" in poll.url, f"polled at {poll.url}")


def list_phone_numbers(connection):
    """phone numbers are listed over three pages"""
    client = connection.client(PhoneNumbersClient)
    numbers = [number.phone_number for number in client.list_purchased_phone_numbers()]
    expect_equal((len(numbers), len(set(numbers))), (25, 25), "the phone numbers listed")
    expect_equal(len(connection.recorder.sent), 3, "the pages fetched")
    found = client.get_purchased_phone_number(numbers[7])
    expect_equal(found.id, numbers[7][1:], "the number fetched alone")


def many_threads(connection):
    """fifty threads at once"""
    def work(number):
        _, token = connection.client(CommunicationIdentityClient).create_user_and_token(["chat"])
        results = connection.client(SmsClient).send("+18005550100", "+14255550123", f"thread {number} " + "x" * number)
        return token.token, results[0].message_id

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(work, range(THREADS)))
    expect_equal(len({token for token, _ in answers}), THREADS, "the different tokens")
    expect_equal(len({message for _, message in answers}), THREADS, "the different messages")


def service_error(connection):
    """the service's own refusal reaches the client as its own"""
    with _raises(HttpResponseError, 400, "BadRequest"):
        connection.client(SmsClient).send("+18005550100", ["+14255550123"] * 101, "too many")
    with _raises(ResourceNotFoundError, 404, "NotFound"):
        connection.client(PhoneNumbersClient).get_purchased_phone_number("+14255550199")


def own_token(connection):
    """a user's own token reaches Chat, and nothing else does"""
    _, token = connection.client(CommunicationIdentityClient).create_user_and_token(["chat"])
    target = "/chat/threads?api-version=2024-03-07"
    answer = _plain(connection, "GET", target, {"Authorization": f"Bearer {token.token}"})
    expect_equal(answer, (200, {"value": []}), "Chat's answer to a user's token")
    status, _ = _plain(connection, "GET", target, {"Authorization": "Bearer e30.eyJleHAiOjQxMDI0NDQ4MDB9.x"})
    expect_equal(status, 401, "Chat's answer to a made-up token")


def no_credential(connection):
    """a client without any credential is served"""
    headers = {"Content-Type": "application/json"}
    status, body = _plain(connection, "POST", "/identities?api-version=2023-10-01", headers,
                          b'{"createTokenWithScopes":["chat"]}')
    expect_equal(status, 201, "the answer to a client without a credential")
    expect(USER.match(body["identity"]["id"]), f"the id of a user: {body['identity']['id']}")


def chunked_email(connection):
    """an e-mail with 8 MB attached is sent in chunks, without a word of its length"""
    content = json.dumps({
        "senderAddress": "sender@contoso.com", "recipients": {"to": [{"address": "somebody@contoso.com"}]},
        "content": {"subject": "8 MB in chunks", "plainText": "attached"},
        "attachments": [{"name": "data.bin", "contentType": "application/octet-stream",
                         "contentInBase64": base64.b64encode(os.urandom(ATTACHMENT_BYTES)).decode()}],
    }).encode()
    # Its digest is not declared: a gateway with a key must hold it, one with a token lets it stream.
    status, body = _plain(connection, "POST", "/emails:send?api-version=2023-03-31",
                          {"Content-Type": "application/json"}, content, is_chunked=True)
    expect_equal(status, 202, "the answer to an e-mail in chunks")
    expect_equal(body["status"], "Running", "the state of an e-mail in chunks")


# What a client that holds a key can do; and what only a gateway makes possible.
WITH_KEY = (create_user, token_life, send_sms, send_email, list_phone_numbers, many_threads, service_error, own_token)
ALL = (*WITH_KEY, no_credential, chunked_email)


@contextlib.contextmanager
def _raises(kind, status, code):
    try:
        yield
    except kind as error:
        expect_equal(error.status_code, status, "the status of a refusal")
        expect_equal(error.error.code if error.error else None, code, "the code of a refusal")
        return
    raise Failure(f"the SDK raised nothing where {kind.__name__} was due")


def _plain(connection, method, target, headers, body=None, is_chunked=False):
    """A request without an SDK; gives status and content."""
    url = connection.origin + target
    headers = {"User-Agent": "e2e", "Accept": "application/json", **headers}
    connection.recorder.note_plain(method, url, headers, body)
    handlers = [urllib.request.ProxyHandler({})]
    if connection.ca_file:
        context = ssl.create_default_context(cafile=connection.ca_file)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    try:
        sent = (body[start:start + CHUNK_BYTES] for start in range(0, len(body), CHUNK_BYTES)) if is_chunked else body
        request = urllib.request.Request(url, sent, headers, method=method)
        with urllib.request.build_opener(*handlers).open(request, timeout=READ_SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
