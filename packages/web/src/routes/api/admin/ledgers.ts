import { createFileRoute } from "@tanstack/react-router";
import { readLedgerReports } from "../../../db/ledger-reports.ts";
import { api } from "../../../lib/http/api.ts";
import { assertAdmin } from "../../../lib/identity/admin.ts";

export const Route = createFileRoute("/api/admin/ledgers")({
	server: { handlers: api({ GET: ({ request }) => ledgers(request) }) },
});

/** Lists ledgers that differ from the provider's count or have refused reports, and the sums over all ledgers. */
async function ledgers(request: Request): Promise<Response> {
	await assertAdmin(request);
	return Response.json(await readLedgerReports());
}
