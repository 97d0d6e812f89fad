"""
Domains at which anybody can have a mailbox: nobody's own, so no organization can add them.

Our own list of the large providers, gathered from their sign-up pages (November 2026). Lists that are packaged have
names in them that companies own by now, and lack new ones. A domain that is missing here does no harm: nobody but
its provider can prove it.
"""

_ALIKE = {
    "gmx": "at ch co.uk com de es fr it li net org us",
    "hotmail": "at be ca ch cl co.jp co.uk com com.ar com.au com.br com.mx de dk es fi fr gr it nl no se",
    "live": "at be ca cl cn co.uk co.za com com.ar com.au com.mx com.pt de dk fr hk ie in it jp nl no ru se",
    "outlook": "at be cl co.id co.il co.th com com.ar com.au com.br com.gr com.tr com.vn cz de dk es fr hu ie in it jp "
    "kr lv my ph pt sa sg sk",
    "yahoo": "at be bg ca cl co.id co.il co.in co.jp co.kr co.nz co.th co.uk co.za com com.ar com.au com.br com.cn "
    "com.co com.hk com.mx com.my com.pe com.ph com.sg com.tr com.tw com.vn de dk es fi fr gr hu ie in it nl no pl pt ro "
    "ru se",
    "yandex": "by com com.tr kz ru ua uz",
}
_OTHERS = """
126.com 139.com 163.com 1und1.de abv.bg aim.com alice.it aliyun.com aol.com aol.de aol.fr aol.it arcor.de att.net
bellsouth.net bigpond.com bigpond.net.au bk.ru bluewin.ch bol.com.br btinternet.com caiway.nl centrum.cz charter.net
chello.nl club-internet.fr comcast.net cox.net daum.net disroot.org docomo.ne.jp duck.com earthlink.net email.cz
email.it embarqmail.com excite.com ezweb.ne.jp fastmail.com fastmail.fm foxmail.com free.fr freemail.hu freenet.de
frontier.com gmail.com go2.pl googlemail.com hanmail.net hey.com home.nl hotmail.com.tr hushmail.com
icloud.com ig.com.br inbox.lv inbox.ru interia.pl inwind.it iol.it juno.com kolabnow.com kpnmail.nl laposte.net
libero.it list.ru mac.com mail.bg mail.com mail.de mail.ee mail.ru mailbox.org mailfence.com mailo.com me.com
mindspring.com msn.com my.com nate.com naver.com neuf.fr nifty.com ntlworld.com o2.pl online.de onet.eu onet.pl
onmail.com op.pl optonline.net optusnet.com.au orange.fr outlook.com planet.nl pm.me poczta.fm poczta.onet.pl
posteo.de posteo.net post.cz proton.me protonmail.ch protonmail.com qq.com quicknet.nl rambler.ru rediffmail.com
riseup.net rocketmail.com rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca simplelogin.com sina.cn
sina.com skynet.be sky.com sohu.com startmail.com swissonline.ch sympatico.ca t-online.de talktalk.net tele2.nl
telenet.be terra.com.br terra.es tin.it tiscali.it tlen.pl tuta.com tuta.io tutamail.com tutanota.com tutanota.de
ukr.net uol.com.br verizon.net virgilio.it virginmedia.com vp.pl walla.co.il wanadoo.fr web.de windowslive.com
windstream.net wp.pl xs4all.nl xtra.co.nz yeah.net ymail.com zeelandnet.nl ziggo.nl zoho.com zohomail.com zohomail.eu
"""

FREE_MAIL = frozenset(_OTHERS.split()) | {
    f"{name}.{suffix}" for name, all_ in _ALIKE.items() for suffix in all_.split()
}
