import { useState } from "react";
import { t } from "../../text/text.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { tellTabs } from "../tabs.ts";
import { DeletionDialog } from "./deletion-dialog.tsx";
import { Section } from "./section.tsx";

/** Deletes the viewer's account after a confirmation. Ends with a full page load, so that no account data stay in memory or session storage. */
export function DeleteAccount() {
	const hydrated = useHydrated();
	const [open, setOpen] = useState(false);

	async function leave() {
		tellTabs("viewer", "signed-out");
		sessionStorage.clear();
		location.assign("/leaving");
		// The dialog stays open until the page is left.
		await new Promise(() => {});
	}

	return (
		<Section title={t("deletion_account_action")}>
			<p className="text-soft">{t("deletion_about")}</p>
			<button
				type="button"
				className="button-plain destructive mt-3"
				disabled={!hydrated}
				onPointerEnter={() => void DeletionDialog.load()}
				onFocus={() => void DeletionDialog.load()}
				onClick={() => setOpen(true)}
			>
				{t("deletion_account_action")}
			</button>
			{open && <DeletionDialog organization={null} onDone={leave} onClose={() => setOpen(false)} />}
		</Section>
	);
}
