#!/bin/sh
# A monorepo with two Prisma projects, one of them a folder of schema files. One commit changes both; one migration is
# there, and it is of the other project.
. "$(dirname "$0")/../lib.sh"
start prisma-monorepo

show "$DRIFTGATE" check --all -v
echo
echo '# Orders get a note, invoices a due date. Only billing has its migration: refused for the shop.'
sed -i.bak 's|^  placedAt .*|&\n  note       String?|' apps/shop/prisma/schema/order.prisma
sed -i.bak 's|^  sentAt .*|&\n  dueAt  DateTime?|' apps/billing/prisma/schema.prisma
rm apps/*/prisma/*.bak apps/*/prisma/*/*.bak 2>/dev/null || true
mkdir apps/billing/prisma/migrations/20260212101500_add_due_date
cat >apps/billing/prisma/migrations/20260212101500_add_due_date/migration.sql <<'SQL'
-- AlterTable
ALTER TABLE `invoices` ADD COLUMN `dueAt` DATETIME(3) NULL;
SQL
git add --all
show git commit --quiet -m "Notes and due dates"
echo
echo '# With the migration of the shop: accepted.'
mkdir apps/shop/prisma/migrations/20260212102000_add_order_note
cat >apps/shop/prisma/migrations/20260212102000_add_order_note/migration.sql <<'SQL'
-- AlterTable
ALTER TABLE "orders" ADD COLUMN     "note" TEXT;
SQL
git add --all
show git commit --quiet -m "Notes and due dates"
