import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "bench",
		environment: "node",
		include: ["src/**/*.test.ts"],
		isolate: false,
		// Simulations compute for seconds, on machines that do other things besides.
		testTimeout: 60_000,
	},
});
