// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours is built with: docs/ARCHITECTURE.md, "Settings".
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    // Hot leaf calls cross rooms (a buffer's append, a byte read): let the optimizer see through the walls.
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
    // A quarter of the instructions of a request were exclusivity checks.  Every test makes them; what is shipped does
    // not (docs/decisions/0013-exclusivity-checked-in-tests.md).
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// One room and, below it, its tests.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["Support"], swiftSettings: house + settings)
}

/// Hashing megabytes and reading all of the project takes 20 times as long unoptimized.
let alwaysOptimized: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
    name: "acs-gateway",
    products: [.executable(name: "acs-gateway", targets: ["acs-gateway"])],
    targets: [
        // The C fence: one Swift owner each (docs/ARCHITECTURE.md, "The C fence").
        .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        // Its header alone: the library is loaded when a token is first needed.
        .target(name: "CCurl", sources: ["curl.c"], publicHeadersPath: "."),
        // With a file of its own: memory for OpenSSL that each thread keeps (blocks.c).
        .target(name: "COpenSSL", sources: ["blocks.c"], publicHeadersPath: ".", cSettings: [.unsafeFlags(["-O2"])]),
        .systemLibrary(name: "CLinux"),

        // The rooms, bottom up; dependencies point down.
        room("Bytes"),
        room("HTTP1", ["Bytes"]),
        room("Crypto", ["Bytes", "COpenSSL"]),
        room("Telemetry", ["Bytes"]),
        room("ConfigDSL", ["Bytes", "Crypto", "Telemetry", "CYaml"]),
        room("Transport", ["Bytes", "Crypto", "CLinux"]),
        room("Admission", ["Bytes", "HTTP1", "Crypto", "ConfigDSL"]),
        room("Credentials", ["Bytes", "HTTP1", "Crypto", "Telemetry", "ConfigDSL"]),
        room("Upstream", ["Bytes", "HTTP1", "Crypto", "Transport"]),
        room("HTTPClient", ["Bytes", "Crypto", "Transport", "CCurl"]),
        room(
            "Proxy",
            [
                "Bytes", "HTTP1", "Crypto", "Telemetry", "ConfigDSL", "Transport", "Admission", "Credentials",
                "Upstream",
            ]),
        room("Emulator", ["Bytes", "HTTP1", "Crypto", "Telemetry", "Transport"]),
        .executableTarget(
            name: "acs-gateway",
            dependencies: [
                "Bytes", "HTTP1", "Crypto", "Telemetry", "ConfigDSL", "Transport", "Admission",
                "Credentials", "Upstream", "HTTPClient", "Proxy", "Emulator",
            ],
            swiftSettings: house,
            // 80 000 relocations as a bit map: a megabyte that need not be read at the start (glibc 2.36).
            linkerSettings: [
                .unsafeFlags(
                    ["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"],
                    .when(configuration: .release))
            ]),

        // Tests: one target a room.
        .target(
            name: "Support", dependencies: ["Bytes", "Crypto", "COpenSSL"], path: "Tests/Support",
            swiftSettings: house + alwaysOptimized),
        tests("BytesTests", ["Bytes"]),
        tests("HTTP1Tests", ["Bytes", "HTTP1"]),
        tests("CryptoTests", ["Bytes", "Crypto"]),
        tests("TelemetryTests", ["Bytes", "Telemetry"]),
        tests("ConfigDSLTests", ["Bytes", "Crypto", "Telemetry", "ConfigDSL"]),
        tests("TransportTests", ["Bytes", "Crypto", "Transport"]),
        tests("AdmissionTests", ["Bytes", "HTTP1", "Crypto", "ConfigDSL", "Admission"]),
        tests("CredentialsTests", ["Bytes", "HTTP1", "Crypto", "Telemetry", "ConfigDSL", "Credentials"]),
        tests("UpstreamTests", ["Bytes", "HTTP1", "Crypto", "Transport", "Upstream"]),
        tests("HTTPClientTests", ["Bytes", "Crypto", "HTTPClient"]),
        tests(
            "ProxyTests",
            [
                "Bytes", "HTTP1", "Crypto", "Telemetry", "ConfigDSL", "Transport", "Admission", "Credentials",
                "Upstream", "Proxy",
            ]),
        tests("EmulatorTests", ["Bytes", "HTTP1", "Crypto", "Transport", "Emulator"]),
        tests("IntegrationTests", ["acs-gateway"]),
        tests("TidyTests", [], alwaysOptimized),
    ]
)

/// The fuzzing program stands apart: it needs a build of its own (docs/testing.md, script/fuzz).
if let library = Context.environment["ACS_GATEWAY_FUZZ"] {
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["Bytes", "HTTP1", "Crypto", "ConfigDSL", "Credentials", "Proxy"],
            path: "Tests/Fuzz", exclude: ["Corpus", "Dictionaries", "seeds.py"], swiftSettings: house,
            linkerSettings: [.unsafeFlags([library]), .linkedLibrary("stdc++")]))
}
