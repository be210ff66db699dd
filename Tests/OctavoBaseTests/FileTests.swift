import Glibc
import OctavoBase
import OctavoTestSupport
import Testing

@Test
func aFileAppearsOnlyWhenItIsWhole() async throws {
    try await withTemporaryDirectory { folder in
        let path = folder + "/file"
        try AtomicFile.write("old", to: path)
        do {
            let file = try AtomicFile(path)
            for piece in ["ne", "", "w"] {
                let bytes = Array(piece.utf8)
                try file.write(bytes)
            }
            #expect(try readFile(path) == Array("old".utf8))
            #expect(try directoryEntries(folder).count == 2)
            try file.commit()
        }
        #expect(try readFile(path) == Array("new".utf8))
        #expect(try directoryEntries(folder) == ["file"])
    }
}

@Test
func aDroppedFileLeavesNothing() async throws {
    try await withTemporaryDirectory { folder in
        try AtomicFile.write("old", to: folder + "/file")
        do {
            let file = try AtomicFile(folder + "/file")
            let bytes = Array("new".utf8)
            try file.write(bytes)
        }
        #expect(try directoryEntries(folder) == ["file"])
        #expect(try readFile(folder + "/file") == Array("old".utf8))
    }
}

@Test
func aFileThatCannotGetItsNameLeavesNothing() async throws {
    try await withTemporaryDirectory { folder in
        try makeDirectory(folder + "/taken")
        let error = #expect(throws: FileError.self) {
            try AtomicFile.write("x", to: folder + "/taken")
        }
        #expect(error?.operation == "rename" && error?.code == EISDIR)
        #expect(try directoryEntries(folder) == ["taken"])
        let missing = #expect(throws: FileError.self) {
            try AtomicFile.write("x", to: folder + "/no/file")
        }
        #expect(missing?.operation == "create" && missing?.isMissing == true)
    }
}

@Test(arguments: [(0o644, 0o644), (0o600, 0o600), (0o755, 0o755)] as [(UInt32, UInt32)])
func aFileHasThePermissionsAskedFor(mode: UInt32, expected: UInt32) async throws {
    try await withTemporaryDirectory { folder in
        try AtomicFile.write("x", to: folder + "/file", mode: mode)
        var status = stat()
        #expect(stat(folder + "/file", &status) == 0)
        let mask = umask(0)
        umask(mask)
        #expect(status.st_mode & 0o777 == expected & ~mask)
    }
}

/// In a process of its own, whose files may have at most 1000 bytes.
@Test
func aFileThatTheDiskRefusesLeavesNothing() async throws {
    try await withTemporaryDirectory { folder in
        try AtomicFile.write("old", to: folder + "/file")
        await #expect(processExitsWith: .success) { [folder = folder as String] in
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            let bytes = [UInt8](repeating: 1, count: 1001)
            #expect(throws: FileError("write", folder + "/file", code: EFBIG)) {
                try AtomicFile.write(bytes, to: folder + "/file")
            }
            #expect(try directoryEntries(folder) == ["file"])
        }
        #expect(try readFile(folder + "/file") == Array("old".utf8))
    }
}

@Test
func aMappedFileLendsItsBytes() async throws {
    try await withTemporaryDirectory { folder in
        let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try AtomicFile.write(content, to: folder + "/file")
        let file = try MappedFile(folder + "/file")
        #expect(file.count == 100_000 && file.bytes.array == content)
        #expect(file.digest() == Digest(of: content))
        // Replaced by renaming, the old content stays mapped.
        try AtomicFile.write("short", to: folder + "/file")
        #expect(file.bytes.array == content)

        try AtomicFile.write("", to: folder + "/empty")
        let empty = try MappedFile(folder + "/empty")
        #expect(empty.count == 0 && empty.bytes.array == [])
        #expect(empty.digest() == Digest(of: ""))
    }
}

@Test
func onlyRegularFilesAreMapped() async throws {
    try await withTemporaryDirectory { folder in
        // Nobody writes to the pipe: to wait for somebody would be to wait for ever.
        #expect(mkfifo(folder + "/pipe", 0o600) == 0)
        for (path, code) in [
            (folder, EISDIR), (folder + "/none", ENOENT), ("/dev/null", EINVAL),
            (folder + "/pipe", EINVAL),
        ] {
            let error = #expect(throws: FileError.self) { try MappedFile(path) }
            #expect(error?.code == code && error?.path == path)
        }
    }
}

@Test
func aFileBeyondTheLimitIsNotRead() async throws {
    try await withTemporaryDirectory { folder in
        try AtomicFile.write("12345", to: folder + "/file")
        #expect(try readFile(folder + "/file", limit: 5).count == 5)
        let error = #expect(throws: FileError.self) { try readFile(folder + "/file", limit: 4) }
        #expect(error?.code == EFBIG)
    }
}
