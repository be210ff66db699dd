import OctavoBase
@testable import OctavoHub
import Testing

@Suite("Files that cannot be beside each other")
struct NameCollisionTests {
    private func check(_ paths: [String]) throws {
        try checkNames(
            try paths.map { path in
                TreeEntry(path: try RepositoryPath(path), size: 0, content: .gitBlob(""))
            }
        )
    }

    @Test(
        "Names that differ by case alone, in a folder's name too, and files within files",
        arguments: [
            (["README.md", "readme.md"], "readme.md"), (["a/x", "A/x"], "A/x"),
            (["É.txt", "é.txt"], "é.txt"), (["a", "a/b"], "a/b"), (["A", "a/b"], "a/b"),
        ]
    )
    func refused(_ paths: [String], _ named: String) {
        #expect {
            try check(paths)
        } throws: { error in
            guard case HubError.unsafePath(let path, _) = error else { return false }
            return path == named
        }
    }

    @Test("Other names are let pass")
    func accepted() throws {
        try check(["a", "b/a", "ab", "a.b/c", "README.md", "docs/README.md"])
    }
}
