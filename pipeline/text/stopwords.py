"""Stop words by language: function words that may stand inside a phrase and never at its end."""

import functools
from types import MappingProxyType

# Articles, prepositions, pronouns, conjunctions, auxiliaries and particles: words that stand inside a phrase (bride and
# groom) and never at its end. No adjective, number or noun, short as the list of a language may then be.
_STOP_WORDS = MappingProxyType(
    {
        "en": """
            a an the this that these those some any each every no not nor none all both such same other another own
            i you he she it we they me him her us them my your his its our their mine yours hers ours theirs myself
            yourself himself herself itself ourselves themselves who whom whose which what when where why how
            and or but if then than so because as while until though although whether either neither
            of in on at to for from by with without within into onto upon off out over under above below between among
            through during before after against about around across along behind beside besides beyond near per via
            toward towards up down is are was were be been being am do does did doing done have has had having can
            could will would shall should may might must there here very too just also only even ever never again
            more most much many few less least lot lots i'm it's don't doesn't didn't isn't aren't wasn't can't won't
            that's there's let's you're i've we're they're he's she's what's who's & 's""",
        "de": """
            der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner keines dieser diese
            dieses diesen diesem jener jene jenes jeder jede jedes jeden jedem alle allen aller alles man ich du er sie
            es wir ihr mich dich ihn uns euch mir dir ihm ihnen sich mein meine meinen meinem meiner dein deine deinen
            sein seine seinen seinem seiner ihre ihren ihrem ihrer unser unsere unseren euer eure wer wen wem was wo
            wann wie warum welche welcher welches und oder aber denn sondern doch wenn als ob dass daß weil damit
            obwohl während von vom in im ins an am auf aufs aus bei beim mit nach zu zum zur für durch um gegen ohne
            über unter vor hinter neben zwischen seit bis ab ist sind war waren bin bist sein gewesen hat haben hatte
            hatten habe wird werden wurde wurden worden kann können konnte muss müssen soll sollen will wollen darf mag
            nicht auch nur noch schon so sehr da dort hier dann nun mal mehr viel viele etwas sowie & """,
        "fr": """
            le la les l un une des du de d au aux ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos
            leur leurs je j tu il elle on nous vous ils elles me m te t se s lui eux moi toi soi y en qui que qu quoi
            dont où quel quelle quels quelles et ou mais donc or ni car si comme quand lorsque parce puisque à dans par
            pour sur sous avec sans chez vers entre contre depuis pendant avant après devant derrière est sont était
            étaient être été suis es sommes êtes ai as a avons avez ont avait avaient avoir fait faire peut ne n pas
            plus très aussi tout toute tous toutes c ça cela ceci là ici même autre autres & """,
        "es": """
            el la los las lo un una unos unas al del este esta estos estas ese esa esos esas aquel aquella mi mis tu tus
            su sus nuestro nuestra nuestros nuestras vuestro vuestra yo tú él ella ello nosotros vosotros ellos ellas
            me te se nos os le les mí ti sí que qué quien quién cual cuál cuyo donde dónde cuando cuándo como cómo y e o
            u ni pero sino si porque pues aunque mientras de a en por para con sin sobre bajo entre hacia hasta desde
            contra según durante ante tras es son era eran ser sido soy eres somos está están estaba estar estoy ha han
            he había haber hay fue fueron tiene tienen no más muy ya también todo toda todos todas otro otra otros
            otras & """,
        "it": """
            il lo la i gli le l un uno una del dello della dell dei degli delle al allo alla all ai agli alle dal dallo
            dalla dall dai dagli dalle nel nello nella nell nei negli nelle sul sullo sulla sull sui sugli sulle questo
            questa questi queste quello quella quelli quelle mio mia miei mie tuo tua tuoi tue suo sua suoi sue nostro
            nostra nostri nostre vostro vostra loro io tu lui lei noi voi mi ti si ci vi me te se che chi cui quale
            quali dove quando come perché e ed o ma se né anche di a da in con su per tra fra senza sotto sopra verso
            contro durante dopo prima è sono era erano essere stato stata sei siamo ho hai ha abbiamo hanno aveva avere
            non più molto già tutto tutta tutti tutte altro altra altri altre & """,
        "pt": """
            o a os as um uma uns umas do da dos das no na nos nas ao à aos às pelo pela pelos pelas num numa este esta
            estes estas esse essa esses essas aquele aquela isto isso meu minha meus minhas teu tua seu sua seus suas
            nosso nossa nossos nossas eu tu ele ela nós vós eles elas você vocês me te se lhe lhes que quem qual quais
            onde quando como e ou mas nem se porque pois embora enquanto de em por para com sem sobre sob entre até
            desde contra durante após é são era eram ser sido sou está estão estava estar foi foram tem têm tinha ter
            há não mais muito já também todo toda todos todas outro outra outros outras & """,
        "nl": """
            de het een deze dit die dat dezelfde hetzelfde elk elke ieder iedere geen alle ik jij je u hij zij ze wij we
            jullie mij me jou hem haar ons hen hun mijn jouw uw zijn onze zich wie wat waar wanneer hoe waarom welk
            welke en of maar want dus als dan toen omdat hoewel terwijl van in op aan te ten ter voor door bij met naar
            uit over onder tussen tot tegen zonder om rond achter naast boven is was waren ben bent wordt worden werd
            werden heeft hebben had hadden kan kunnen zal zullen moet moeten mag wil niet ook nog al er hier daar zo
            meer veel zeer & """,
        "pl": """
            ten ta to te ci tego tej tym tych tymi tę tą jego jej ich mój moja moje mojego twój twoja twoje swój swoja
            swoje nasz nasza nasze wasz ja ty on ona ono my wy oni one mnie mi cię ci go mu ją nas nam was wam im nich
            nim nią się kto co który która które którego jaki jaka jakie gdzie kiedy jak dlaczego i a oraz lub albo ale
            lecz ani że żeby aby bo ponieważ jeśli gdy czy w we z ze na do od po o u przy przez dla za nad pod przed
            między bez jest są był była było byli być będzie będą ma mają nie też także już tylko tak bardzo & """,
        "ru": """
            этот эта это эти того этого той этой тем этим тех этих тот та те мой моя моё мое мои твой твоя твои свой
            своя свое свои наш наша наше наши ваш ваша ваши его её ее их я ты он она оно мы вы они меня мне тебя тебе
            него нее ему ей нас нам вас вам им них ним себя кто что который которая которое которые какой какая какие
            где когда как почему и а но или либо да ни если чтобы потому хотя пока в во на с со к ко о об от до из у по
            за над под при про для без через между перед около есть был была было были быть будет не же бы ли уже ещё
            еще только так очень все всё весь вся & """,
        "tr": """
            bir bu şu o bunlar şunlar onlar ben sen biz siz beni seni onu bizi sizi onları bana sana ona bize size
            onlara benim senin onun bizim sizin onların kendi kim ne hangi nerede nasıl neden niçin ve veya ya da de ki
            ile ama fakat ancak çünkü eğer hem için gibi kadar göre doğru karşı sonra önce üzerinde altında içinde
            arasında değil var yok olan olarak oldu olur olmak idi ise mi mı mu mü daha çok en her tüm bütün bazı hiç &
            """,
        "sv": """
            en ett den det de denna detta dessa någon något några ingen inget inga varje alla jag du han hon vi ni mig
            dig honom henne oss er dem sig min mitt mina din ditt dina sin sitt sina hans hennes vår vårt våra deras vem
            vad var när hur varför vilken vilket vilka som och eller men utan för om att då eftersom medan i på av till
            från med vid under över mellan mot efter före genom hos kring är var varit vara bli blir blev har hade ha
            kan kunde ska skulle vill måste får inte också bara här där så mycket mer mest & """,
        "cs": """
            ten ta to ti ty tento tato toto tyto toho té tom tím těch těm můj moje má mé tvůj tvoje svůj svoje své náš
            naše váš vaše jeho její jejich já ty on ona ono my vy oni ony mě mi mne tě ho mu ji jí nás nám vás vám je
            jim se si kdo co který která které jaký jaká jaké kde kdy jak proč a i nebo či ale ani že aby protože
            jestli když pokud v ve na s se z ze k ke o od do po u za nad pod před při pro bez přes mezi jsem jsi jest
            jsou byl byla bylo byli být bude budou má mají ne není také už jen tak velmi & """,
        "da": """
            en et den det de denne dette disse nogen noget nogle ingen intet hver alle jeg du han hun vi i mig dig ham
            hende os jer dem sig min mit mine din dit dine sin sit sine hans hendes vores deres hvem hvad hvor hvornår
            hvordan hvorfor hvilken hvilket som der og eller men for om at da fordi mens på af til fra med ved under
            over mellem mod efter før gennem hos uden er var været være bliver blev har havde have kan kunne skal skulle
            vil ville må ikke også kun her så meget mere mest & """,
        "zh": """
            的 了 着 过 地 得 之 与 和 及 或 并 而 但 也 都 就 还 又 很 更 最 太 在 是 有 对 从 到 向 于 以 为
            因 把 被 让 给 由 将 我 你 您 他 她 它 们 我们 你们 他们 她们 它们 这 那 这个 那个 这些 那些 哪 谁
            什么 怎么 吗 呢 吧 啊 呀 不 没 没有 與 並 還 過 著 對 從 於 為 讓 給 將 們 我們 你們 他們 她們 它們
            這 這個 那個 這些 誰 什麼 怎麼 嗎 個 个 &""",
        "ja": """
            の は が を に へ と も や で か な ね よ わ ぞ さ から まで より など だけ ほど しか こそ でも ので
            のに けど ため する した して し します いる いた いて います ある あった あり あります なる なった
            です でした ます だ だった れる られる せる させる ない なく この その あの どの これ それ あれ ここ
            そこ こと もの よう ように また および ば って という として による について における &""",
        "th": """
            ที่ และ ใน ของ เป็น มี จาก ให้ ได้ ไม่ กับ ว่า นี้ นั้น จะ ก็ หรือ โดย แต่ ต่อ แล้ว คือ อยู่ ด้วย
            ถึง เพื่อ ซึ่ง อัน ๆ เมื่อ ทั้ง แห่ง กว่า มาก ฉัน ผม คุณ เขา เธอ เรา ครับ ค่ะ คะ นะ &""",
    }
)


@functools.cache
def stop_words(language: str) -> frozenset[str]:
    """Function words of a language, lower case, with `&`; empty for a language that has no list here.

    Args:
        language: primary subtag; lists exist for en, de, fr, es, it, pt, nl, pl, ru, tr, sv, cs, da, ja, th,
            and zh (simplified and traditional).
    """
    return frozenset(_STOP_WORDS.get(language, "").split())
