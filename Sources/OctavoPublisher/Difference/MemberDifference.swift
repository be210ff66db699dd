public import OctavoBase

/// A member of a JSON object, at any depth, that is not the same in another.
public struct MemberDifference: Sendable, Equatable {
    /// Where it is, as in `rope_scaling.factor`.
    public var path: String
    /// Its value in the first; nil if it is only in the second.
    public var first: JSON?
    /// Its value in the second; nil if it is only in the first.
    public var second: JSON?

    /// What differs between two objects, in the order of the first; the order of members makes no
    /// difference, nor whether a number is written as 1 or 1.0.
    static func between(_ first: JSON, _ second: JSON, at path: String = "") -> [MemberDifference] {
        guard let ours = first.object, let theirs = second.object else {
            return areSame(first, second) ? [] : [Self(path: path, first: first, second: second)]
        }
        func name(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
        var differences: [MemberDifference] = []
        for (key, value) in ours {
            if let other = theirs[key] {
                differences += between(value, other, at: name(key))
            } else {
                differences.append(Self(path: name(key), first: value, second: nil))
            }
        }
        for (key, value) in theirs where ours[key] == nil {
            differences.append(Self(path: name(key), first: nil, second: value))
        }
        return differences
    }

    private static func areSame(_ a: JSON, _ b: JSON) -> Bool {
        switch (a, b) {
        case (.array(let a), .array(let b)):
            a.count == b.count && zip(a, b).allSatisfy { between($0, $1).isEmpty }
        default: a == b || a.number != nil && a.number == b.number
        }
    }
}
