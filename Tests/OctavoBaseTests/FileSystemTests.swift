import Glibc
import OctavoBase
import OctavoTestSupport
import Testing

@Test
func directoriesAreMadeListedAndRemoved() async throws {
    try await withTemporaryDirectory { folder in
        try makeDirectory(folder + "/a/b/c")
        try makeDirectory(folder + "/a/b/c")
        // Names that Swift would hold equal keep the order of their bytes.
        for name in ["\u{E9}", "e\u{301}", "z", ".hidden"] {
            try AtomicFile.write(name, to: folder + "/a/" + name)
        }
        try AtomicFile.write("x", to: folder + "/a/b/c/x")
        let names = try directoryEntries(folder + "/a")
        #expect(
            names.map { Array($0.utf8) }
                == [".hidden", "b", "e\u{301}", "z", "\u{E9}"].map { Array($0.utf8) }
        )
        #expect(
            try filesBelow(folder) == ["a/.hidden", "a/b/c/x", "a/e\u{301}", "a/z", "a/\u{E9}"]
        )
        #expect(fileKind(folder + "/a") == .directory && fileKind(folder + "/a/z") == .file)
        #expect(fileKind("/dev/null") == .other && fileKind(folder + "/none") == nil)
        #expect(try fileSize(folder + "/a/e\u{301}") == 3)
        try moveFile(folder + "/a/z", to: folder + "/a/b/c/x")
        #expect(try readFile(folder + "/a/b/c/x") == Array("z".utf8))
        try removeAll(folder + "/a")
        try removeAll(folder + "/a")
        #expect(try directoryEntries(folder) == [])
    }
}

@Test
func linksAreNeitherFollowedNorEmptied() async throws {
    try await withTemporaryDirectory { folder in
        try makeDirectory(folder + "/kept")
        try AtomicFile.write("x", to: folder + "/kept/file")
        try makeDirectory(folder + "/tree")
        #expect(symlink(folder + "/kept", folder + "/tree/link") == 0)
        #expect(symlink("..", folder + "/tree/up") == 0)
        #expect(try filesBelow(folder + "/tree") == ["link", "up"])
        try removeAll(folder + "/tree")
        #expect(try filesBelow(folder) == ["kept/file"])
    }
}

@Test
func whatIsInTheWayIsNamed() async throws {
    try await withTemporaryDirectory { folder in
        try AtomicFile.write("x", to: folder + "/file")
        for path in [folder + "/file", folder + "/file/below"] {
            let error = #expect(throws: FileError.self) { try makeDirectory(path) }
            #expect(error?.operation == "create directory" && error?.code == ENOTDIR)
        }
        #expect(throws: FileError("list", folder + "/none", code: ENOENT)) {
            try directoryEntries(folder + "/none")
        }
        #expect(throws: FileError("read", folder + "/none", code: ENOENT)) {
            try fileSize(folder + "/none")
        }
        #expect(throws: FileError("rename", folder + "/b", code: ENOENT)) {
            try moveFile(folder + "/a", to: folder + "/b")
        }
    }
    #expect(
        FileError("open", "x", code: ENOENT).description
            == "cannot open x: no such file or directory"
    )
    #expect(
        FileError("write", "x", code: ENOSPC).isDiskFull
            && !FileError("write", "x", code: EIO).isDiskFull
    )
}

/// Such a name has no String that leads back to it, so that the file would seem not to be there.
@Test
func aNameThatIsNotUTF8IsReported() async throws {
    try await withTemporaryDirectory { folder in
        try makeDirectory(folder + "/below")
        let name =
            Array("\(folder)/below/caf".utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0]
        #expect(close(creat(name, 0o644)) == 0)
        let error = FileError("read the name of", folder + "/below/caf\u{FFFD}", code: EILSEQ)
        #expect(throws: error) { try directoryEntries(folder + "/below") }
        #expect(throws: error) { try filesBelow(folder) }
        #expect(throws: error) { try removeAll(folder) }
        #expect(unlink(name) == 0)
        #expect(try filesBelow(folder) == [])
    }
}

/// The system refuses a path of more than 4095 bytes; that is not to say that nothing is there.
@Test
func whatCannotBeLookedAtIsNotTakenForAbsent() async throws {
    let long = String(repeating: "x/", count: 3000)
    #expect(throws: FileError("remove", long, code: ENAMETOOLONG)) { try removeAll(long) }
    try await withTemporaryDirectory { folder in
        try AtomicFile.write("x", to: folder + "/file")
        try removeAll(folder + "/file/below")
        // Names of 200 bytes below a path near the limit: the directory can be listed, but what is
        // in it has no path that the system takes.
        let name = String(repeating: "n", count: 200)
        var path = folder
        while path.utf8.count < 3850 { path += "/" + name }
        path += "/" + String(repeating: "n", count: 4000 - path.utf8.count)
        try makeDirectory(path)
        let descriptor = open(path, O_RDONLY | O_DIRECTORY)
        #expect(close(openat(descriptor, name, O_CREAT | O_WRONLY, 0o644)) == 0)
        #expect(throws: FileError("read", path + "/" + name, code: ENAMETOOLONG)) {
            try filesBelow(path)
        }
        #expect(unlinkat(descriptor, name, 0) == 0 && close(descriptor) == 0)
    }
}

@Test
func whatADiskHasNoRoomForIsNotBegun() async throws {
    try await withTemporaryDirectory { directory in
        try requireSpace(0, in: directory)
        let error = #expect(throws: FileError.self) { try requireSpace(.max, in: directory) }
        #expect(error?.isDiskFull == true)
        // What cannot be asked about is found out by writing.
        try requireSpace(.max, in: directory + "/nothing")
    }
}
