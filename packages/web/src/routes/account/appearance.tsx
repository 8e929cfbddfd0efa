import { createFileRoute, getRouteApi } from "@tanstack/react-router";
import { AppearanceSection } from "../../components/account/appearance-section.tsx";
import { InstructionsSection } from "../../components/account/instructions-section.tsx";
import { loadInstructions } from "../../lib/http/other-pages.ts";

const account = getRouteApi("/account");

export const Route = createFileRoute("/account/appearance")({
	loader: () => loadInstructions(),
	component: function AppearancePage() {
		const { viewer, instructions } = account.useLoaderData();
		const own = Route.useLoaderData();
		return (
			<>
				<AppearanceSection />
				{viewer.kind === "user" && <InstructionsSection own={own} site={instructions.site} />}
			</>
		);
	},
});
