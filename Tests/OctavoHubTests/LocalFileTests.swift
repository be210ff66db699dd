import Glibc
import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoHub

@Suite("Which files of a folder are uploaded")
struct LocalFileTests {
    @Test("Links that lead out of the folder are left out and named")
    func links() async throws {
        try await withTemporaryDirectory { directory in
            let folder = joined(directory, "model")
            try makeDirectory(joined(folder, "sub"))
            try makeDirectory(joined(folder, ".git"))
            for path in ["id_rsa", "model/a", "model/.git/config"] {
                try AtomicFile.write("x", to: joined(directory, path))
            }
            let links = [
                "inside": "a", "sub/up": "../a", "outside": "../id_rsa",
                "sub/absolute": joined(directory, "id_rsa"), "git": ".git/config", "lost": "none",
                "folder": "sub", "loop": "loop",
            ]
            for (name, target) in links { #expect(symlink(target, joined(folder, name)) == 0) }
            let (files, skipped) = try localFiles(in: folder)
            #expect(files.map(\.path.description) == ["a", "inside", "sub/up"])
            #expect(skipped == ["folder", "git", "loop", "lost", "outside", "sub/absolute"])
        }
    }

    @Test("A snapshot in the cache of huggingface_hub is uploaded whole")
    func snapshot() async throws {
        try await withTemporaryDirectory { directory in
            let cached = joined(directory, "models--ada--tiny")
            let blob = String(repeating: "ab", count: 32)
            let snapshot = joined(cached, "snapshots/0123")
            try makeDirectory(joined(snapshot, "sub"))
            try makeDirectory(joined(cached, "blobs"))
            for name in [blob, "token"] {
                try AtomicFile.write("x", to: joined(cached, "blobs/\(name)"))
            }
            #expect(symlink("../../blobs/\(blob)", joined(snapshot, "w")) == 0)
            #expect(symlink("../../../blobs/\(blob)", joined(snapshot, "sub/w")) == 0)
            #expect(symlink("../../blobs/token", joined(snapshot, "t")) == 0)
            let (files, skipped) = try localFiles(in: snapshot)
            #expect(files.map(\.path.description) == ["sub/w", "w"])
            #expect(skipped == ["t"])
        }
    }

    @Test("What an interrupted push left beside its folder is no file of the folder above")
    func journals() async throws {
        try await withTemporaryDirectory { directory in
            let model = joined(directory, "models/tiny")
            try makeDirectory(model)
            try AtomicFile.write("x", to: joined(model, "w"))
            let file = try #require(try localFiles(in: model).files.first)
            let journal = UploadJournal(beside: model)
            journal.note(Digest(of: "x"), of: file)
            try #require(journal.file == model + ".push.json")
            // Cut off while it was written.
            try AtomicFile.write("{\"uploads\"", to: model + ".push.json.17-4.tmp")
            for (name, text) in [
                ("notes.push.json", "{\"version\":1}"), ("other.push.json", "[]"), ("a.tmp", "x"),
            ] {
                try AtomicFile.write(text, to: joined(directory, "models/\(name)"))
            }
            let paths = try localFiles(in: joined(directory, "models")).files.map(
                \.path.description
            )
            #expect(paths == ["a.tmp", "notes.push.json", "other.push.json", "tiny/w"])
        }
    }

    @Test("A name that is not UTF-8 is an error, not a gap")
    func badName() async throws {
        try await withTemporaryDirectory { folder in
            var path = Array(joined(folder, "a").utf8CString.dropLast())
            path += [CChar(bitPattern: 0xFF), 0]
            let descriptor = open(path, O_CREAT | O_WRONLY, 0o644)
            #expect(descriptor >= 0)
            close(descriptor)
            #expect(throws: (any Error).self) { try localFiles(in: folder) }
            unlink(path)
        }
    }
}
