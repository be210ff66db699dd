internal import OctavoBase

/// What a container may need that version 1.0 of the format has not: its header names it in `requires`, so that a reader
/// without it refuses by that name.
enum ContainerRequirement: String {
    /// The encoding of that name.
    case columns

    /// Reads a header's list, and refuses what is not known here (C12).
    static func all(_ items: [JSON]) throws(ContainerError) -> Set<ContainerRequirement> {
        var known: Set<ContainerRequirement> = []
        for item in items {
            let text = item.text(.compact)
            guard let requirement = item.string.flatMap(Self.init(rawValue:)) else {
                throw ContainerError(
                    .requirement,
                    "a reader must know \(text), and this one does not"
                )
            }
            guard known.insert(requirement).inserted else {
                throw ContainerError(.requirement, "\(text) is required twice")
            }
        }
        return known
    }
}
