import Glibc
import OctavoBase

/// Where something goes below a directory, the directories on the way made.
///
/// - Parameters:
///   - parts: The names that lead there; none is `.` or `..` or holds a slash.
///   - directory: Where they begin. It may itself be reached through links.
/// - Returns: Its path.
/// - Throws: `HubError.unsafePath` if one of them is a link, which might lead elsewhere.
func place(_ parts: [String], below directory: String) throws -> String {
    var place = directory
    for (index, part) in parts.enumerated() {
        place = joined(place, part)
        var status = stat()
        if unsafe lstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
            throw HubError.unsafePath(
                parts.joined(separator: "/"),
                rule: "\(place) is a link"
            )
        }
        if index < parts.count - 1 { try makeDirectory(place) }
    }
    return place
}
