import OctavoHub
import Testing

@Suite("Names that go into URLs and onto disk")
struct NameTests {
    @Test(
        "A repository's name is accepted",
        arguments: [
            "gpt2", "ada/tiny", "a/b", "Ada-1/T.i_n-y", "_/_",
            "a/" + String(repeating: "x", count: 96),
        ]
    )
    func repository(_ text: String) throws {
        #expect(try RepositoryID(text).description == text)
    }

    @Test(
        "A repository's name is refused",
        arguments: [
            "", "/", "a/", "/b", "a/b/c", "a b", "a/b--c", "a/b..c", "-a/b", "a/b-", "a/.b", "a/b.",
            "a/b.git",
            "a/" + String(repeating: "x", count: 97), "a/é", "a/b\n", "../b", "a/..", "a%2Fb/c",
            "a/b?c",
        ]
    )
    func notARepository(_ text: String) {
        #expect(throws: RepositoryID.ValidationError.self) { try RepositoryID(text) }
    }

    @Test(
        "A revision is accepted",
        arguments: ["main", "refs/pr/1", "dev/x", "v1.0", "0123abc", "release-1_2"]
    )
    func revision(_ text: String) throws {
        #expect(try Revision(text).description == text)
    }

    @Test(
        "A revision is refused",
        arguments: [
            "", " ", "a b", "a..b", "../main", "/main", "main/", "a//b", ".a", "a/.b", "a.lock",
            "a@{1", "@",
            "a~1", "a^", "a..\u{301}b", "a/\u{301}/", "a~\u{301}", "a\\\u{301}",
            "a/..\u{600}/b", "x.lock/\u{301}", "a:b", "a?", "a*", "a[b", "a\\b", "-x", "a\u{7F}",
            "a\nb",
            String(repeating: "a", count: 251),
        ]
    )
    func notARevision(_ text: String) {
        #expect(throws: Revision.ValidationError.self) { try Revision(text) }
    }

    @Test("Only 40 lowercase digits are a commit")
    func commits() throws {
        #expect(try Revision(String(repeating: "a", count: 40)).isCommit)
        #expect(try !Revision(String(repeating: "A", count: 40)).isCommit)
        #expect(try !Revision(String(repeating: "a", count: 39)).isCommit)
    }

    @Test(
        "A path is accepted",
        arguments: [
            "a", ".gitattributes", "a/b/c.txt", "naïve name.txt", "a..b", "...", "~",
            "a/\u{301}b",
        ]
    )
    func path(_ text: String) throws {
        #expect(try RepositoryPath(text).description == text)
    }

    @Test(
        "A path is refused",
        arguments: [
            "", ".", "..", "../a", "a/../b", "a/..", "a/./b", "/etc/passwd", "a//b", "a/", "a\\b",
            "..\\a", "C:/a",
            "c:", "a\u{0}b", "a\nb", ".git/hooks/post-checkout", "a/.git/config", ".GIT/config",
            ".cache/x",
            // A mark or a prefix makes one Character of itself and the slash; the kernel sees "..".
            "../\u{301}evil", "a/../\u{301}evil", "a/\u{301}../b/../\u{301}", "..\u{600}/x/..",
            "a\u{600}/../x", "a/./\u{301}b", "/\u{301}etc", "a\\\u{301}b", ".git/\u{301}x",
            "a\u{600}/.GIT", ".cache/\u{301}x",
            "a/" + String(repeating: "x", count: 256), String(repeating: "a/", count: 600) + "a",
        ]
    )
    func notAPath(_ text: String) {
        #expect(throws: RepositoryPath.ValidationError.self) { try RepositoryPath(text) }
    }

    @Test("Paths of different bytes are different, whatever they look like")
    func twoForms() throws {
        let (composed, decomposed) = (
            try RepositoryPath("\u{E9}"), try RepositoryPath("e\u{301}")
        )
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(decomposed < composed)
    }
}
