-- Who changes a price in SQL has entered it by hand: the next sync leaves it alone. A sync itself
-- changes no price, it adds later ones.
create or replace function batch.tg_model_prices__are_by_hand()
returns trigger
language plpgsql
volatile
set search_path = ''
as $$
begin
  new.source := 'by hand';
  return new;
end;
$$;

create or replace trigger tg_model_prices__are_by_hand
before update of usd, per_units, minimum_units on batch.model_prices
for each row
when (old.source = new.source)
execute function batch.tg_model_prices__are_by_hand();
