import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "conformance",
		environment: "node",
		include: ["src/**/*.test.ts"],
		testTimeout: 60_000,
		// They wait for models most of the time.
		maxConcurrency: 16,
	},
});
