/// libFuzzer's own main function, told what to call (LLVM, "libFuzzer", "Using libFuzzer as a library").
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ tryOut: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// The target of this process: a C callback has no context.  Written once, before the fuzzer starts.
nonisolated(unsafe) private var chosenTarget = FuzzTarget.requestParser

/// Between libFuzzer and the targets.
enum Driver {
    /// Fuzzes `target` with the command line's arguments, then ends the process.
    static func run(_ target: FuzzTarget) {
        unsafe chosenTarget = target
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        _ = unsafe withUnsafeMutablePointer(to: &arguments) { unsafe runDriver(&count, $0, tryOut) }
    }
}

/// One input.  Safe: libFuzzer owns the bytes until this returns, and they are copied first.
private func tryOut(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    unsafe chosenTarget.tryOut(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
