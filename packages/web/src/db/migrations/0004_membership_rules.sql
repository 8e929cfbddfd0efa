CREATE TABLE `bounds` (
	`key` text PRIMARY KEY NOT NULL,
	`count` integer NOT NULL,
	`ends_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `bounds_ends` ON `bounds` (`ends_at`);--> statement-breakpoint
UPDATE `users` SET `name` = 'User' WHERE typeof(`name`) <> 'text';--> statement-breakpoint
UPDATE `users` SET `image` = NULL WHERE typeof(`image`) <> 'text';--> statement-breakpoint
UPDATE `invitations` SET `role` = 'member', `status` = CASE `status` WHEN 'pending' THEN 'canceled' ELSE `status` END
WHERE `role` NOT IN ('owner', 'admin', 'member');--> statement-breakpoint
UPDATE `members` SET `role` = CASE
	WHEN ',' || `role` || ',' LIKE '%,owner,%' THEN 'owner'
	WHEN ',' || replace(`role`, ' ', '') || ',' LIKE '%,admin,%' THEN 'admin'
	ELSE 'member'
END
WHERE `role` NOT IN ('owner', 'admin', 'member');--> statement-breakpoint
UPDATE `members` SET `role` = 'owner' WHERE `id` IN (
	SELECT `id` FROM (
		SELECT `id`, row_number() OVER (PARTITION BY `organization_id` ORDER BY `role` = 'admin' DESC, `created_at`, `id`) AS place
		FROM `members`
		WHERE `organization_id` NOT IN (SELECT `organization_id` FROM `members` WHERE `role` = 'owner')
	) WHERE place = 1
);--> statement-breakpoint
CREATE TRIGGER `members_role_insert` BEFORE INSERT ON `members` WHEN NEW.`role` NOT IN ('owner', 'admin', 'member') BEGIN
	SELECT RAISE(ABORT, 'a role is owner, admin or member');
END;--> statement-breakpoint
CREATE TRIGGER `members_role_update` BEFORE UPDATE ON `members` WHEN NEW.`role` NOT IN ('owner', 'admin', 'member') BEGIN
	SELECT RAISE(ABORT, 'a role is owner, admin or member');
END;--> statement-breakpoint
CREATE TRIGGER `invitations_role_insert` BEFORE INSERT ON `invitations` WHEN NEW.`role` NOT IN ('owner', 'admin', 'member') BEGIN
	SELECT RAISE(ABORT, 'a role is owner, admin or member');
END;--> statement-breakpoint
CREATE TRIGGER `invitations_role_update` BEFORE UPDATE ON `invitations` WHEN NEW.`role` NOT IN ('owner', 'admin', 'member') BEGIN
	SELECT RAISE(ABORT, 'a role is owner, admin or member');
END;--> statement-breakpoint
CREATE TRIGGER `members_owner_update` BEFORE UPDATE ON `members`
WHEN OLD.`role` = 'owner' AND (NEW.`role` <> 'owner' OR NEW.`organization_id` <> OLD.`organization_id`)
AND NOT EXISTS (SELECT 1 FROM `members` WHERE `organization_id` = OLD.`organization_id` AND `role` = 'owner' AND `id` <> OLD.`id`) BEGIN
	SELECT RAISE(ABORT, 'an organization has an owner');
END;--> statement-breakpoint
CREATE TRIGGER `members_owner_delete` BEFORE DELETE ON `members`
WHEN OLD.`role` = 'owner'
AND EXISTS (SELECT 1 FROM `organizations` WHERE `id` = OLD.`organization_id`)
AND NOT EXISTS (SELECT 1 FROM `members` WHERE `organization_id` = OLD.`organization_id` AND `role` = 'owner' AND `id` <> OLD.`id`) BEGIN
	SELECT RAISE(ABORT, 'an organization has an owner');
END;
