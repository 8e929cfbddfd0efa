import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "plans",
		environment: "node",
		include: ["src/**/*.test.ts"],
		isolate: false,
		// They start servers and processes, on machines that do other things besides.
		testTimeout: 60_000,
	},
});
