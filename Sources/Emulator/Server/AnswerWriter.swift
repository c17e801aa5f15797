internal import Bytes
internal import HTTP1

extension EmulatedAnswer {
    /// Appends the answer as HTTP/1.1; after one that is not `isPersistent` the connection ends.
    func write(to output: inout ByteBuffer, method: String, isPersistent: Bool, atSeconds now: Int) {
        ResponseWriter.statusLine(status, to: &output)
        output.append("date: ")
        HTTPDate.append(secondsSince1970: now, to: &output)
        output.append("\r\n")
        for field in fields {
            // Values are ours, or were parsed and decoded with this in mind.
            precondition(HeadWriter.isFieldValue(field.value.utf8.span), "a field that would break the head")
            output.append(text: field.name)
            output.append(": ")
            output.append(text: field.value)
            output.append("\r\n")
        }
        if status != 204 { HeadWriter.field("content-length", decimal: body.count, to: &output) }
        if !isPersistent { HeadWriter.field("connection", "close", to: &output) }
        HeadWriter.end(&output)
        if method != "HEAD" { output.append(body.span) }
    }
}
