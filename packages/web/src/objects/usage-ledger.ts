import { DurableObject } from "cloudflare:workers";
export class UsageLedger extends DurableObject {}
