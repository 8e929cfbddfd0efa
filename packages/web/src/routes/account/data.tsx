import { createFileRoute, getRouteApi } from "@tanstack/react-router";
import { ArchivedSection } from "../../components/account/archived-section.tsx";
import { DeleteAccount } from "../../components/account/delete-account.tsx";
import { KeptSection } from "../../components/account/kept-section.tsx";
import { DownloadSection } from "../../components/transfer/download-section.tsx";
import { ImportSection } from "../../components/transfer/import-section.tsx";

const account = getRouteApi("/account");

export const Route = createFileRoute("/account/data")({
	component: function DataPage() {
		const { viewer, keptDays } = account.useLoaderData();
		const isGuest = viewer.kind === "guest";
		return (
			<>
				<DownloadSection />
				<ImportSection isGuest={isGuest} />
				<ArchivedSection />
				<KeptSection isGuest={isGuest} keptDays={keptDays} />
				{!isGuest && <DeleteAccount />}
			</>
		);
	},
});
