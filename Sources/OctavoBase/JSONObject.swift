/// The members of a JSON object, in order, each key once.
///
/// Keys are told apart by their bytes, as in every other JSON library: a vocabulary may hold both
/// "é" and "e\u{301}".
public struct JSONObject: Sendable, Equatable, Sequence {
    private struct Member: Equatable {
        let key: UTF8Key
        var value: JSON
    }

    private var members: [Member] = []
    /// The place of each key among the members; empty while there are so few that a search is as fast.
    ///
    /// Most objects are small, and a hostile text may have millions.
    private var places: [UTF8Key: Int] = [:]
    private static let mostWithoutPlaces = 8

    /// An empty object.
    public init() {}

    /// The keys, in order.
    public var keys: [String] { members.map(\.key.text) }

    /// How many members there are.
    public var count: Int { members.count }

    private func place(of key: UTF8Key) -> Int? {
        members.count > Self.mostWithoutPlaces
            ? places[key] : members.firstIndex { $0.key == key }
    }

    /// The value of a key; setting nil removes it, setting a new key appends it.
    public subscript(key: String) -> JSON? {
        get { place(of: UTF8Key(key)).map { members[$0].value } }
        set {
            let key = UTF8Key(key)
            switch (place(of: key), newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil):
                members.remove(at: place)
                places = [:]
                indexFrom(0)
            case (nil, let value?):
                members.append(Member(key: key, value: value))
                indexFrom(places.isEmpty ? 0 : members.count - 1)
            case (nil, nil): break
            }
        }
    }

    /// Notes the places of the members from `first` on, once there are enough of them.
    private mutating func indexFrom(_ first: Int) {
        guard members.count > Self.mostWithoutPlaces else { return }
        for place in first..<members.count { places[members[place].key] = place }
    }

    /// Compares the members in order, keys by their bytes.
    public static func == (a: JSONObject, b: JSONObject) -> Bool { a.members == b.members }

    /// The members in order.
    public func makeIterator() -> AnyIterator<(key: String, value: JSON)> {
        var rest = members.makeIterator()
        return AnyIterator { rest.next().map { ($0.key.text, $0.value) } }
    }
}
