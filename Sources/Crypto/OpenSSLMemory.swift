private import COpenSSL

/// Where OpenSSL has its memory from.
public enum OpenSSLMemory {
    /// Has each thread keep blocks of the sizes that OpenSSL asks for with every record: none is asked for anew.
    ///
    /// For a program's first line: once OpenSSL has asked for memory, nothing changes any more.  False then.
    @discardableResult public static func keepBlocks() -> Bool { cOpenSSL_keep_blocks() != 0 }
}
