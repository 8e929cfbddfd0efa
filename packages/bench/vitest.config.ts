import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "bench",
		environment: "node",
		include: ["src/**/*.test.ts"],
		isolate: false,
		// Simulations compute for seconds, and longer on a busy machine.
		testTimeout: 60_000,
	},
});
