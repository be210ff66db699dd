public import OctavoBase

extension MachineRate {
    /// The rates, as a plan prints them.
    public var json: JSON {
        .object([
            "products": .number(products), "passes": .number(passes),
            "solving": .number(solving), "searching": .number(searching),
            "bytes": .number(bytes),
        ])
    }

    /// Reads what ``json`` writes; nil for anything else.
    public init?(_ json: JSON) {
        func rate(_ key: String) -> Double? {
            json[key]?.number.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
        }
        guard let products = rate("products"), let passes = rate("passes"),
            let solving = rate("solving"), let searching = rate("searching"),
            let bytes = rate("bytes")
        else { return nil }
        self.init(
            products: products,
            passes: passes,
            solving: solving,
            searching: searching,
            bytes: bytes
        )
    }
}
