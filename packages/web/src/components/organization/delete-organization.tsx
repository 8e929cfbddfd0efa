import { useState } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { OrganizationView } from "../../view/identity.ts";
import { DeletionDialog } from "../account/deletion-dialog.tsx";
import { keep } from "../account/deletion-requests.ts";
import { LocalTime } from "../frame/local-time.tsx";

interface DeleteOrganizationProps {
	organization: OrganizationView;
	/** It is deleted, or will be. Resolves when the page shows that. */
	onDeleted: (dueAt: string | null) => Promise<void>;
	/** It is kept. Resolves when the page shows that. */
	onKept: () => Promise<void>;
}

/** Shows when the organization will be deleted, and lets its owners delete or keep it. */
export function DeleteOrganization({ organization: { id, name, role, deletesAt }, onDeleted, onKept }: DeleteOrganizationProps) {
	const [open, setOpen] = useState(false);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();

	async function keepIt() {
		setBusy(true);
		setProblem(undefined);
		try {
			await keep(id);
			await onKept();
		} catch (error) {
			setProblem(error instanceof Error ? error.message : t("transfer_failed"));
		}
		setBusy(false);
	}

	if (deletesAt === null && role !== "owner") return null;
	return (
		<div className="flex flex-col items-start gap-2">
			{deletesAt !== null && (
				<p className="text-warn wrap-anywhere">
					{rich("deletion_organization_pending", { organization: name, day: <LocalTime iso={deletesAt} form="date" /> })}
				</p>
			)}
			{role === "owner" && (
				<div className="-ml-2 flex flex-wrap">
					{deletesAt !== null && (
						<button type="button" className="button-bare text-left wrap-anywhere" disabled={busy} onClick={() => void keepIt()}>
							{t("deletion_keep_organization", { organization: name })}
						</button>
					)}
					<button type="button" className="button-bare destructive text-left" onClick={() => setOpen(true)}>
						{t("deletion_organization_action")}
					</button>
				</div>
			)}
			{problem && (
				<p role="alert" className="text-warn">
					{problem}
				</p>
			)}
			{open && <DeletionDialog organization={{ id, name }} onDone={onDeleted} onClose={() => setOpen(false)} />}
		</div>
	);
}
