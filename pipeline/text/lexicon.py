"""Words about words: stop words by language, and lemmas that turn plurals into singulars and change nothing else."""

import functools
from types import MappingProxyType
from typing import Any

import simplemma
from wordfreq import zipf_frequency

from pipeline.text.wordnet import wordnet


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


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
    }
)

# English words whose plural is the thing itself, or which only look like a plural.
_KEPT = _words(
    """
    jeans glasses eyeglasses sunglasses goggles binoculars shorts pants trousers leggings tights overalls pajamas
    pyjamas scissors pliers tweezers tongs clippers shears headphones earphones earbuds dungarees slacks briefs boxers
    joggers
    sweats sweatpants chinos khakis culottes capris knickers panties underpants stockings suspenders clothes news
    christmas swiss paris texas mars venus olympics paralympics athletics gymnastics aerobics graphics electronics
    ceramics physics mathematics maths economics politics ethics mechanics robotics genetics aesthetics acoustics
    series species crossroads headquarters barracks kudos thanks congratulations regards groceries arms outdoors indoors
    upstairs downstairs besides always perhaps its us bus gas lens iris canvas atlas cactus octopus census chaos cosmos
    bias plus yes this has was states netherlands philippines bahamas maldives alps himalayas andes rockies lego legos
    adidas vans converse crocs hermes levis asics swarovski simpsons beatles avengers transformers wales
    arkansas kansas illinois massachusetts athens naples brussels cannes los las angeles vegas jesus moses james
    charles thomas lucas marcus nicholas dennis chris alexis louis mercedes pokemon media data comics fries
    """
)
_ELISIONS = ("l'", "d'", "j'", "m'", "t'", "s'", "n'", "c'", "qu'", "dell'", "all'", "nell'", "sull'", "dall'", "un'")
_SHORTEST = 4  # letters of a word that is inflected at all, outside of English
_SHARED = 0.6  # of the shorter word must open both, for one to be a form of the other
# Languages of simplemma that write their words apart and inflect at the end; and of them, those in which a singular may
# be longer than its plural (цветы, цветок).
_INFLECTED = _words(
    "bg ca cs cy da de el es et fi fr ga gd gl hu hy id is it lb lt lv mk ms nb nl nn pl pt ro ru sk sl sq sv tr uk"
)
_GROWING = frozenset(("bg", "cs", "mk", "pl", "ru", "sk", "sl", "uk"))
_SLAVIC_PLURALS = ("ы", "и", "і", "y", "i")
_ADDED = ("", "s", "es", "n", "e")  # what a noun that looks like an infinitive takes on (Gartens)
# What plurals end in, where that is sure: a word that ends otherwise stays, since simplemma makes one gender of two
# (bruja, brujo) and takes Turkish words back to the verb that they come from.
_PLURALS = MappingProxyType(
    {
        **dict.fromkeys(("ca", "es", "gl", "pt"), ("s",)),
        "fr": ("s", "x"),
        "it": ("i", "e"),
        "nl": ("n", "s"),
        "tr": ("ler", "lar"),
    }
)
# What verbs end in: simplemma takes flores (flowers) for a form of florar.
_INFINITIVES = MappingProxyType(
    {
        "ca": ("ar", "er", "ir", "re"),
        "de": ("en", "ern", "eln"),
        "es": ("ar", "er", "ir"),
        "fr": ("er", "ir", "re"),
        "gl": ("ar", "er", "ir"),
        "it": ("are", "ere", "ire"),
        "nl": ("en",),
        "pl": ("ć",),
        "pt": ("ar", "er", "ir"),
        "ru": ("ть", "ться", "ти"),
        "uk": ("ти", "тися"),
    }
)
# English plurals without a rule, also where WordNet has the plural as a word of its own (men: the force of workers).
_IRREGULAR = MappingProxyType(
    dict(
        pair.split(":")
        for pair in _words(
            """
            women:woman men:man children:child mice:mouse geese:goose feet:foot teeth:tooth oxen:ox leaves:leaf
            wolves:wolf shelves:shelf knives:knife wives:wife lives:life thieves:thief halves:half calves:calf
            loaves:loaf scarves:scarf hooves:hoof elves:elf axes:axe analyses:analysis crises:crisis cacti:cactus
            firemen:fireman policemen:policeman snowmen:snowman fishermen:fisherman businessmen:businessman
            businesswomen:businesswoman grandchildren:grandchild womens:woman mens:man childrens:child
            """
        )
    )
)


@functools.cache
def stop_words(language: str) -> frozenset[str]:
    """Function words of a language, lower case, with `&`; empty for a language that has no list here.

    Args:
        language: primary subtag; lists exist for en, de, fr, es, it, pt, nl, pl, ru, tr, sv, cs, da.
    """
    return _words(_STOP_WORDS.get(language, ""))


@functools.lru_cache(maxsize=200_000)
def lemma(word: str, language: str) -> str:
    """The singular of a noun; the word itself where it is none, or where it is unsure.

    English: WordNet (Princeton, 3.0) where its data is installed and knows the word, else simplemma. Where WordNet has
    singular and plural as words of their own, the more frequent counts in its texts: shoes become shoe, woods stay
    woods. Words in -ing (painting, wedding) and words whose plural is the thing (jeans, glasses, news) stay. Other
    languages: simplemma, where what it gives opens with the same letters and so can be a form of the same word.

    Args:
        word: one normalized word. A possessive 's goes in English; in French, Italian and Catalan the article or
            preposition elided before a word goes (l'amour).
        language: primary subtag; a word of an unknown language stays.
    """
    if language == "en":
        return _english(word)
    if language in ("fr", "it", "ca") and "'" in word:
        word = next((word[len(start) :] for start in _ELISIONS if word.startswith(start)), word) or word
    plurals = _PLURALS.get(language, ("",))
    if language not in _INFLECTED or len(word) < _SHORTEST or not word.isalpha() or not word.endswith(plurals):
        return word
    base = simplemma.lemmatize(word, lang=language).lower()
    if word.startswith(base) or plurals[0] != "s":
        return base if _same_noun(word, base, language) else word
    # Taking the s away keeps what the base of a dictionary may not: the gender (brujas) and the noun (flores).
    shorter = (word[:-2] if word.endswith("es") else "", word[:-1])
    known = next((form for form in shorter if len(form) > 2 and simplemma.is_known(form, language)), None)
    return known or (base if _same_noun(word, base, language) else word)


def _english(word: str) -> str:
    if word.endswith("'s") and len(word) > 3:
        word = word[:-2]
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    first, hyphen, last = word.rpartition("-")
    if hyphen:  # t-shirts: the last part is what inflects
        return f"{first}-{_english(last)}"
    short = len(word) < 4  # ios, sms, gas
    if short or word in _KEPT or word.endswith(("ing", "ss")) or not (word.isascii() and word.isalpha()):
        return word
    reader = wordnet()
    if reader is not None and (base := reader.morphy(word, "n")) is not None and base[:2] == word[:2]:
        return _singular_in(reader, word) if base == word else str(base)
    base = simplemma.lemmatize(word, lang="en")
    return base if base in _regular_singulars(word) else word


def _singular_in(reader: Any, word: str) -> str:
    """The singular of a word that WordNet has as it is, where it has that too and meets it more often."""
    ranked = [
        (_count(reader, base), zipf_frequency(base, "en"), base)
        for base in (*_regular_singulars(word), word)
        if reader.morphy(base, "n") == base
    ]
    return max(ranked)[2]


def _count(reader: Any, word: str) -> int:
    """How often WordNet's tagged texts have a word as a noun."""
    senses = (sense for synset in reader.synsets(word, "n") for sense in synset.lemmas())
    return sum(sense.count() for sense in senses if sense.name().lower() == word)


def _regular_singulars(word: str) -> list[str]:
    """What a word can be the plural of, by the spelling rules of English."""
    if not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return []
    bases = [word[:-1]]
    if word.endswith("ies"):
        bases.append(f"{word[:-3]}y")
    elif word.endswith("ves"):
        bases += [f"{word[:-3]}f", f"{word[:-3]}fe"]
    if word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        bases.append(word[:-2])
    return [base for base in bases if len(base) > 1]


def _same_noun(word: str, base: str, language: str) -> bool:
    """Whether the base can be the singular of the word: it opens with the same letters and is no verb of it."""
    if not base.isalpha() or (len(base) > len(word) and not (language in _GROWING and word.endswith(_SLAVIC_PLURALS))):
        return False
    ending = word.removeprefix(base)  # of the plural; the whole word where it is not the base with something added
    if base.endswith(_INFINITIVES.get(language, ())) and ending not in _ADDED:
        return False
    if language == "it" and word.endswith("e") and not base.endswith("a"):
        return False  # -e is the plural of -a alone; else it is a singular (lente)
    shortest = min(len(word), len(base))
    shared = next((place for place in range(shortest) if word[place] != base[place]), shortest)
    return shared >= 3 and shared >= _SHARED * shortest and abs(len(word) - len(base)) <= 4
