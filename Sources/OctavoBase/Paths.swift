// Paths are taken apart by bytes, as the system does. Swift's characters would hide a slash that a
// combining mark follows.
private let slash = UInt8(ascii: "/")

/// The parts of a path between its slashes, without empty ones: of `/a//b/`, `a` and `b`.
public func pathParts(_ path: String) -> [String] {
    path.utf8.split(separator: slash).map { String(Substring($0)) }
}

/// `directory/name`, or just one of them if the other is empty.
public func joined(_ directory: String, _ name: String) -> String {
    if directory.isEmpty { return name }
    if name.isEmpty { return directory }
    return directory.utf8.last == slash ? directory + name : directory + "/" + name
}

/// The directory that a path is in: `.` for a bare name, `/` for what is at the root and for `/`.
///
/// Slashes at the end do not count: `a/b/` is in `a`, as `a/b` is.
public func parent(of path: String) -> String {
    let whole = withoutFinalSlashes(path.utf8[...])
    guard let cut = whole.lastIndex(of: slash) else {
        return whole.isEmpty && !path.isEmpty ? "/" : "."
    }
    let above = withoutFinalSlashes(whole[..<cut])
    return above.isEmpty ? "/" : String(Substring(above))
}

/// The last part of a path: `b` of `a/b` and of `a/b/`; empty for `/` and for no path at all.
public func lastComponent(_ path: String) -> String { pathParts(path).last ?? "" }

private func withoutFinalSlashes(_ path: Substring.UTF8View) -> Substring.UTF8View {
    var path = path
    while path.last == slash { path.removeLast() }
    return path
}
