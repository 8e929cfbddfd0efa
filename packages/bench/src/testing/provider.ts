import type { FakeProvider } from "../fakes/provider.ts";

/** A provider without a server. It counts the calls that a test adds, and is idle immediately. */
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
