"""What leaves the plan: calendars, agendas, table cards, the poster and the workbook."""
