import { startSandbox } from "./sandbox.ts";
import { settingsSchema } from "./settings.ts";

const {
	SANDBOX_PORT = "3001",
	SANDBOX_STATE,
	SANDBOX_SETTINGS = "{}",
	FLOWGLAD_SECRET_KEY = "sk_test_sandbox",
	FLOWGLAD_WEBHOOK_URL,
	FLOWGLAD_WEBHOOK_SECRET,
	STRIPE_SECRET_KEY,
	STRIPE_WEBHOOK_URL,
	STRIPE_WEBHOOK_SECRET,
	APP_URL = "http://localhost:3000",
} = process.env;

const sandbox = await startSandbox({
	port: Number(SANDBOX_PORT),
	secretKey: FLOWGLAD_SECRET_KEY,
	statePath: SANDBOX_STATE,
	appUrl: APP_URL,
	// An empty variable counts as unset.
	webhookUrl: FLOWGLAD_WEBHOOK_URL || undefined,
	webhookSecret: FLOWGLAD_WEBHOOK_SECRET || undefined,
	stripeSecretKey: STRIPE_SECRET_KEY || undefined,
	stripeWebhookUrl: STRIPE_WEBHOOK_URL || undefined,
	stripeWebhookSecret: STRIPE_WEBHOOK_SECRET || undefined,
	settings: settingsSchema.partial().parse(JSON.parse(SANDBOX_SETTINGS)),
});
console.log(`sandbox ready ${sandbox.url}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.once(signal, () => {
		void sandbox.close().then(() => process.exit(0));
	});
}
