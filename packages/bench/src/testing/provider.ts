import type { FakeProvider } from "../fakes/provider.ts";

/** A provider without a server: it counts what a test tells it, and is quiet at once. */
export function memoryProvider(): FakeProvider {
	const provider: FakeProvider = {
		url: "http://provider.invalid",
		delayMs: 0,
		calls: new Map(),
		callCount: () => [...provider.calls.values()].reduce((sum, calls) => sum + calls, 0),
		events: new Set(),
		balances: new Map(),
		balanceOf: (customer) => provider.balances.get(customer) ?? 10,
		quiet: async () => {},
		close: async () => {},
	};
	return provider;
}
