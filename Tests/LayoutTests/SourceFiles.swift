import Foundation
import OctavoTestSupport

/// One source file of the package.
struct SourceFile {
    /// Its path from the package's root.
    let path: String
    /// Its text.
    let text: String
}

/// The Swift files below a folder of the package.
func sourceFiles(below folder: String) throws -> [SourceFile] {
    let root = packageRoot + "/" + folder
    let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
        SourceFile(
            path: folder + "/" + name,
            text: try String(contentsOfFile: root + "/" + name, encoding: .utf8)
        )
    }
}
