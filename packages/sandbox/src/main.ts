import { startSandbox } from "./sandbox.ts";

const { SANDBOX_PORT = "3001", SANDBOX_STATE, FLOWGLAD_SECRET_KEY = "sk_test_sandbox", APP_URL } = process.env;

const sandbox = await startSandbox({
	port: Number(SANDBOX_PORT),
	secretKey: FLOWGLAD_SECRET_KEY,
	statePath: SANDBOX_STATE,
	appUrl: APP_URL,
});
console.log(`sandbox ready ${sandbox.url}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.once(signal, () => {
		void sandbox.close().then(() => process.exit(0));
	});
}
