import Glibc

extension MappedFile {
    /// Gives back the memory that bytes of the file take; touched again, they are fetched again.
    ///
    /// The system would do so when it runs short, but until then what was read counts as memory of the
    /// process: whoever goes through a large file once says where it has been.
    ///
    /// - Parameter range: Bytes of the file; the pages that they begin and end in go as well.
    public func release(_ range: Range<Int>) {
        let range = range.clamped(to: 0..<count)
        guard !range.isEmpty else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = range.lowerBound / page * page
        unsafe bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return }
            _ = unsafe madvise(
                UnsafeMutableRawPointer(mutating: base + start),
                range.upperBound - start,
                MADV_DONTNEED
            )
        }
    }
}

extension MappedFile {
    /// Fetches bytes of the file in one go: touched one page after the other, each costs a fault.
    ///
    /// - Parameter range: Bytes of the file. A system that does not know how leaves it at that.
    public func prefetch(_ range: Range<Int>) {
        let range = range.clamped(to: 0..<count)
        guard !range.isEmpty else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = range.lowerBound / page * page
        // MADV_POPULATE_READ, which headers older than Linux 5.14 do not name.
        let populate: Int32 = 22
        unsafe bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return }
            _ = unsafe madvise(
                UnsafeMutableRawPointer(mutating: base + start),
                range.upperBound - start,
                populate
            )
        }
    }
}
