import OctavoBase
import Testing

@Test(arguments: [
    ("", "a", "a"), ("a", "", "a"), ("a", "b", "a/b"), ("a/", "b", "a/b"), ("/", "b", "/b"),
    ("", "", ""), ("a/", "\u{301}b", "a/\u{301}b"), ("a/\u{301}", "b", "a/\u{301}/b"),
])
func pathsAreJoined(directory: String, name: String, path: String) {
    #expect(Array(joined(directory, name).utf8) == Array(path.utf8))
}

/// As `dirname` and `basename` of POSIX have it, except that the root and no path have no last part.
@Test(arguments: [
    ("a/b/c", "a/b", "c"), ("a", ".", "a"), ("/a", "/", "a"), ("/a/b", "/a", "b"),
    ("a/", ".", "a"), ("a/b/", "a", "b"), ("a//b//", "a", "b"), ("//a", "/", "a"),
    ("/", "/", ""), ("//", "/", ""), ("", ".", ""),
    // A slash and a combining mark are one character, but the slash is a slash.
    ("a/\u{301}b", "a", "\u{301}b"), ("/\u{301}", "/", "\u{301}"), ("\u{301}/", ".", "\u{301}"),
])
func pathsComeApart(path: String, above: String, last: String) {
    #expect(Array(parent(of: path).utf8) == Array(above.utf8))
    #expect(Array(lastComponent(path).utf8) == Array(last.utf8))
}

@Test(
    arguments: [
        ("", []), ("/", []), ("a", ["a"]), ("/a//b/", ["a", "b"]),
        ("a/\u{301}/..", ["a", "\u{301}", ".."]),
    ] as [(String, [String])]
)
func aPathHasParts(path: String, parts: [String]) {
    #expect(pathParts(path).map { Array($0.utf8) } == parts.map { Array($0.utf8) })
}
