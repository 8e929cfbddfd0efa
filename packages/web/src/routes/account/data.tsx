import { createFileRoute, getRouteApi } from "@tanstack/react-router";
import { KeptSection } from "../../components/account/kept-section.tsx";

const account = getRouteApi("/account");

export const Route = createFileRoute("/account/data")({
	component: function DataPage() {
		return <KeptSection isGuest={account.useLoaderData().viewer.kind === "guest"} />;
	},
});
