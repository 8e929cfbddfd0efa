import { createFileRoute, useRouter } from "@tanstack/react-router";
import { KeysSection } from "../../components/account/keys-section.tsx";
import { loadKeys } from "../../lib/http/other-pages.ts";

export const Route = createFileRoute("/account/keys")({
	loader: () => loadKeys(),
	// Keys revoked or used elsewhere must show here.
	gcTime: 0,
	component: function KeysPage() {
		const router = useRouter();
		return <KeysSection keys={Route.useLoaderData()} organization={null} onChanged={() => router.invalidate({ sync: true })} />;
	},
});
