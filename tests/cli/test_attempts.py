"""`idp attempt …`: what the reference on a page stands for, whatever happened."""

import json
import sqlite3


def test_a_wrong_password_can_be_looked_up_by_its_reference(acme, at_the_door):
    at_the_door.open("/").submit(username="ann@acme.example", password="wrong")
    assert at_the_door.status == 422
    reference = at_the_door.page.xpath("string(//*[@class='reference']/code)")

    told = acme("attempt", "show", reference)

    assert told.code == 0, told.err
    assert "NO  pwd" in told.out
    assert "not-proven: wrong password" in told.out


def test_a_step_that_an_earlier_release_wrote_without_a_code_is_shown(acme, at_the_door, here):
    at_the_door.open("/").submit(username="ann@acme.example", password="wrong")
    reference = at_the_door.page.xpath("string(//*[@class='reference']/code)")
    steps = json.dumps([{"step": "pwd", "state": "failed", "cause": "wrong password"}])
    with sqlite3.connect(here / "data" / "ostiary.db") as connection:
        connection.execute("UPDATE attempts SET steps = ? WHERE id = ?", (steps, reference))
    connection.close()

    told = acme("attempt", "show", reference)

    assert told.code == 0, told.err
    assert "         wrong password\n" in told.out + "\n"
