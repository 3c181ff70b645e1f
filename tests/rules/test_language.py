"""Short mails as people write them; Polish in doubt."""

from __future__ import annotations

import pytest

from bot.model import Language
from bot.rules.language import detect_language, language_of_mail

POLISH = """
Prosze o pomoc, firewall padl
nie dziala
Nie działa
Nie dziala internet
Internet nie działa od 9
Brak internetu od rana
Awaria!!!
AWARIA FORTIGATE - PILNE
KRYTYCZNY!!!
krytyczny
to drugie
niekrytyczny
pytanie
Ciao
1
2.
OK
Tak
tak, zgadza się
Umowa HZ360-2026-000042
Numer seryjny to FGT60FTK20001234
sn: FGT60FTK20001234
FGT60FTK20001234
FortiGate FGT60FTK20001234 HZ360-2026-000042

?
VPN nie wstaje po upgrade do 7.4.3
vpn down od rana, prosze o kontakt
Firewall down, proszę o pilny kontakt
Link flapuje na wan1
Po update firmware urzadzenie sie restartuje
HA failover nie zadziałał, master down
Mamy problem z SD-WAN, latency 500 ms
czy jest jakis update w tej sprawie?
Kiedy ktoś zadzwoni?
Prosze dzwonic 600 100 200
Dalej to samo
Bez zmian
Juz dziala, dzieki
Już ok, dziękuję
Dzięki, działa!
Zrobione
Dziekuje za szybka reakcje
W załączniku log
W zalaczeniu przesylam konfiguracje
Logi w załączeniu
Status?
Jaki jest status zgłoszenia?
Czekamy na odpowiedz
Prośba o wymianę urządzenia
Sprzet do wymiany, nie swieci zadna dioda
Nie mozemy sie zalogowac do panelu
Zapomnialem hasla admina
cala firma stoi
Stoi produkcja, ratunku!
Szybko bo klient czeka
Padl prad i po restarcie nic
Zgłaszam awarię: link down na porcie wan1, error log w załączniku
Witam, problem z licencja FortiGuard
Dzień dobry, error "connection timed out while waiting for the server"
Hello, mamy problem z firewallem
Hi, nie działa VPN
Nie działa. Best regards, Jan Kowalski
pomocy
Wszystko padlo
siec lezy
klienci nie maja dostepu do strony
Certyfikat wygasl
Ile kosztuje odnowienie umowy?
Prosimy o oferte na serwis 8x5
Jan Kowalski
Warszawa
Fortinet
Urządzenie wyłącza się samo
Czy można przełożyć wizytę na jutro?
Zepsuło się
Ponawiam
przypominam sie
Na kiedy wymiana?
Mamy klopot z firewallem
Od wczoraj nie ma sieci
Firewall sie zawiesil
Forti padł
FGT nie odpowiada na ping
Router nie bootuje
Brak dostepu do GUI
Proszę o zdalne połączenie
Prosze oddzwonic
oddzwoncie pilnie
Kto sie tym zajmuje?
Nikt nie odbiera telefonu
Nadal czekam
Co dalej?
Poprosze o kontakt telefoniczny
Czy cos juz wiadomo?
Zmieniam priorytet na krytyczny
Priorytet: krytyczny
Krytyczny - nie mamy sieci w biurze
Pytanie o licencje
Jak skonfigurowac VPN SSL?
Mozna zamknac
Prosze zamknac zgloszenie
Temat nieaktualny
Sprawa nieaktualna, dziekuje
Samo ruszylo
Po resecie pomoglo
Wentylator halasuje
Uszkodzony zasilacz
Nie swieci sie dioda power
tunel ipsec zerwany
ipsec phase1 down, druga strona twierdzi ze ok
wysylka na adres: ul. Prosta 1
Adres dostawy: Klient Sp. z o.o., Prosta 1, Warszawa
Serwisant nie dojechal
Uzytkownicy zglaszaja zrywanie polaczen
Fortigate restartuje co godzine
Dostajemy "Credential or SSLVPN configuration is wrong"
Nie ten numer, poprawny to FGT60FTK20001234
pomyłka
Sorry, pomyłka w numerze
Super, dzięki
ok dzieki
Potwierdzam
Zgoda
Anuluje
jutro o 10
w poniedziałek
Zaraz podesle
dosle jutro
Reklamacja
Dzien dobry
Witam
witam serdecznie
brak
nic
bez umowy
nie mam
nie wiem
nie znam numeru
Umowa w trakcie przedluzania
Klaster sie rozjechal
Master i slave widza sie oba jako primary
pada nam SSL VPN, userzy sie wkurzaja
wywala blad 500
Po zmianie polityki nic nie przechodzi
Zablokowalo nam poczte
Web filter blokuje strone banku
Mamy atak DDoS, pomozcie!
urzadzenie sie przegrzewa
czekam na info
info?
podeslijcie instrukcje
RMA prosze
Prosimy o RMA
Sprzęt już dotarł
Kurier nie przyjechal
Poproszę fakturę
Jaka jest cena za FG-100F?
Do kiedy mamy support?
W ktorym katalogu sa logi?
Link wstal
Upgrade sie nie powiodl
Nie moge wgrac firmware
Backup nie robi sie od tygodnia
Port switcha spalony
Mozecie sie polaczyc przez AnyDesk
Hasło w SMS
Podpisuje sie pod zgloszeniem kolegi
Jestesmy gotowi na okno serwisowe
Ok, moze byc sroda
""".strip("\n").split("\n")

ENGLISH = """
Firewall down, pls help
Still not working
No internet since 9am
Not working
It's not working
It doesn't work
Nothing works
Firewall is dead
FortiGate down
VPN is down
VPN tunnel keeps dropping
Internet is down again
Please help
Help!
help asap
Urgent!
URGENT: firewall down
critical
Critical
the second one
question
Just a question
Any update?
Any news?
What is the status?
When will someone call us?
Please call me back
Call me
Thanks
Thank you!
Thanks, it works now
Works now
It is working again, thanks
Solved, thank you
Same issue
Same problem again
Still the same
No change
Yes
Yes, please
See attached
Log attached
Please see the attached log
Config attached.
Serial number is FGT60FTK20001234
The contract number is HZ360-2026-000042
Contract HZ360-2026-000042, serial FGT60FTK20001234, firewall unreachable
We can't log in
Cannot log in to the GUI
Unable to connect
I forgot the admin password
Users can't access the internet
All users are offline
The unit won't boot
Device does not power on
Red LED is on, no response
Packet loss on wan1 since yesterday
Slow internet in the office
License expired?
Need RMA
We need a replacement unit
How much is the renewal?
Could you send us a quote?
Can we move the visit to tomorrow?
Reminder
HA failover did not happen
High CPU after the upgrade
Waiting for your reply
our NAS is unreachable
Production is down!!!
THE FIREWALL IS DOWN
Dzień dobry, our firewall is down, please help
Good morning, the site in Łódź is offline
We are having trouble with the firewall
Network down
Site down
Everything is offline
Firewall crashed
Firewall not responding
FortiGate unreachable from the LAN
Lost connectivity
Lost access to the GUI
No response from the device
No access
No power
No link on wan1
Please advise
Pls advise
Please escalate
Please close the ticket
You can close this ticket
Resolved
Fixed
Done
Confirmed
Approved
Wrong serial, correct one is FGT60FTK20001234
My mistake
Will send it tomorrow
Tomorrow at 10
On Monday
Who is handling this?
Nobody picks up the phone
Following up
Following up on this
Any progress?
Hello?
Are you there?
Tunnel flapping
IPsec tunnel down
SSL VPN not connecting
Fan failure
Power supply failed
Broken unit
Faulty device
Replacement needed
How do I configure SSL VPN?
How to reset the password?
Question about licensing
Support hours?
Price for contract renewal
Send me an offer
Attached
Screenshot attached
Here you go
Here is the serial
Hi, internet dead
hi guys firewall is dead, hurry up
It's critical
priority critical
not critical
I don't know
I don't have it
None
No contract yet
Sounds good
Great, thanks
Perfect
Much appreciated
Same here
Both units think they are primary
SSL VPN users get kicked out
Getting error 500
After policy change nothing passes through
It blocks our mail
Web filter blocks our bank site
We are under DDoS attack
Overheating
Awaiting info
Send instructions
RMA please
Unit arrived
Courier did not show up
Please send the invoice
What's the price for FG-100F?
When does our support end?
Where are the logs?
Link is up
Upgrade failed
Can't upload firmware
Backup has not run for a week
Switch port burned
You can connect via AnyDesk
Password sent by SMS
Ready for the maintenance window
Wednesday works
Sure
No worries
Regards, John
""".strip("\n").split("\n")

MAILS = [
    (
        "Dzień dobry,\n\nour firewall is down since this morning.\n\nPozdrawiam\nJohn Smith\nKierownik działu IT",
        Language.EN,
    ),
    ("Hello,\n\nfirewall padl od rana.\n\nKind regards,\nJan Kowalski\nHead of IT, all of the offices", Language.PL),
    (
        "Nie działa HA, poniżej wynik:\n" + "FGT3HD is selected as the primary because it has the flag set\n" * 40,
        Language.PL,
    ),
    ("The VPN is down.\n\nŁukasz Żółć\nKlient Sp. z o.o., ul. Świętokrzyska 1, 00-001 Łódź", Language.EN),
    ("Awaria Łódź\nThe VPN is down and we cannot reach the site. Please call us.", Language.EN),
]


def test_short_polish_mails() -> None:
    assert len(POLISH) >= 60
    assert [text for text in POLISH if detect_language(text) is not Language.PL] == []


def test_short_english_mails() -> None:
    assert len(ENGLISH) >= 60
    assert [text for text in ENGLISH if detect_language(text) is not Language.EN] == []


@pytest.mark.parametrize(("text", "language"), MAILS)
def test_greetings_signatures_and_logs_do_not_decide(text: str, language: Language) -> None:
    assert detect_language(text) is language


@pytest.mark.parametrize(
    ("subject", "words", "language"),
    [
        ("Re: [HEZO-2026-000123] Firewall nie działa w centrali", "Hi, any news?", Language.EN),
        ("Odp: Awaria firewalla", "It is critical.", Language.EN),
        ("Re: Firewall down", "Tak", Language.PL),
        ("Re: Firewall down", "FGT60FTK20001234", Language.EN),
        ("Awaria firewalla w centrali", "It is critical.", Language.PL),
    ],
)
def test_the_subject_of_an_answer_may_be_somebody_elses(subject: str, words: str, language: Language) -> None:
    assert language_of_mail(subject, words) is language
