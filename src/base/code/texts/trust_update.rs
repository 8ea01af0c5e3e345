//! Words for what happened to an update of trust, as an operator of a gateway reads them.

super::phrasebook! {
    AlgNotAllowed {
        zh "更新所用签名算法不被允许，已保留原有信任状态。", "请发布方改用允许的算法重新签名。";
        en "The update is signed with an algorithm that is not allowed; the last good state stays.",
            "Have the publisher sign again with an allowed algorithm.";
        es "La actualización está firmada con un algoritmo no permitido; se mantiene el último estado válido.",
            "Pida a quien publica que firme de nuevo con un algoritmo permitido.";
    }
    Conflict {
        zh "列表中同一条目出现两次且内容不同。", "请发布方更正列表；其间沿用原列表。";
        en "The list holds one entry twice with different content.",
            "Have the publisher correct it; the former list stays in use meanwhile.";
        es "La lista contiene dos veces una entrada con contenido distinto.",
            "Pida a quien publica que la corrija; entretanto sigue en uso la anterior.";
    }
    ContentEncoding {
        zh "对方使用了未请求的内容编码。", "请检查对方服务器或中间代理的压缩设置。";
        en "The answer came in an encoding that was not asked for.",
            "Check the compression settings of the server or of a proxy between.";
        es "La respuesta llegó con una codificación no solicitada.",
            "Revise la compresión del servidor o de un proxy intermedio.";
    }
    DuplicateKey {
        zh "该密钥已属于更早登记的条目，此条目不予采用。",
            "请该省为此条目使用新密钥，并查明重复原因。";
        en "The key belongs to an earlier entry, so this entry is not taken.",
            "Have the province use a fresh key here and find out how the key came to be listed twice.";
        es "La clave pertenece a una entrada anterior; esta no se admite.",
            "La provincia debe usar una clave nueva y aclarar por qué figura dos veces.";
    }
    DuplicateMember {
        zh "更新的JSON中有重复成员。", "请发布方修正生成列表的程序。";
        en "The JSON of the update has a member twice.",
            "Have the publisher mend the program that writes the list.";
        es "El JSON de la actualización repite un miembro.",
            "Pida a quien publica que corrija el programa que genera la lista.";
    }
    Fork {
        zh "新列表所引用的上一列表与本地保存的不一致。",
            "请联系发布方核对历史；这可能意味着列表出现分叉。";
        en "The new list names another predecessor than the one held here.",
            "Compare histories with the publisher; the list may have been forked.";
        es "La lista nueva cita una predecesora distinta de la guardada aquí.",
            "Compare los historiales con quien publica; la lista puede haberse bifurcado.";
    }
    Freeze {
        zh "新鲜度声明已过期，可能有人在阻止更新。",
            "请检查与中心及其他成员的连接；信任状态按缓存使用。";
        en "The freshness statement has run out; updates may be held back.",
            "Check the connection to the hub and to other members; cached trust stays in use.";
        es "La declaración de frescura ha vencido; alguien puede estar reteniendo actualizaciones.",
            "Revise la conexión con el nodo central y otros miembros; se usa la confianza en caché.";
    }
    IdNotCanonical {
        zh "列表中有标识符不是规范形式。", "请发布方改为规范写法后重新签名。";
        en "An identifier in the list is not in canonical form.",
            "Have the publisher write it canonically and sign again.";
        es "Un identificador de la lista no está en forma canónica.",
            "Pida a quien publica que lo escriba en forma canónica y firme de nuevo.";
    }
    ListEquivocation {
        zh "同一序号出现了内容不同的列表，该来源已被冻结。",
            "请立即联系发布方，并向联盟运营方报告。";
        en "Two different lists carry the same sequence; that source is frozen.",
            "Contact the publisher at once and report it to the federation's operators.";
        es "Dos listas distintas llevan la misma secuencia; esa fuente queda congelada.",
            "Contacte de inmediato con quien publica e informe a los operadores de la federación.";
    }
    ListExpired {
        zh "列表已过下次更新时间。", "请发布方发布新列表，并检查本地时间。";
        en "The list is past its next-update time.",
            "Ask the publisher for a new one, and check the clock here.";
        es "La lista superó su hora de próxima actualización.",
            "Pida una nueva a quien publica y revise el reloj local.";
    }
    ListNotYetValid {
        zh "列表的签发时间在未来。", "请核对双方系统时间后再取。";
        en "The list says it was issued in the future.",
            "Compare the clocks on both sides and fetch it again.";
        es "La lista dice haberse emitido en el futuro.",
            "Compare los relojes de ambas partes y obténgala de nuevo.";
    }
    ListRollback {
        zh "收到的列表序号低于已保存的序号，已拒绝回退。",
            "请检查来源是否提供旧文件；若非恢复操作，请报告。";
        en "The list received is older than the one stored; going back was refused.",
            "See whether the source serves an old file, and report it if no recovery was announced.";
        es "La lista recibida es más antigua que la guardada; se rechazó el retroceso.",
            "Vea si la fuente sirve un archivo viejo e infórmelo si no se anunció una recuperación.";
    }
    Malformed {
        zh "更新内容无法解析。", "请重新获取；仍失败时通知发布方。";
        en "The update cannot be read as what it claims to be.",
            "Fetch it again; if it still fails, tell the publisher.";
        es "La actualización no puede leerse como lo que dice ser.",
            "Obténgala de nuevo; si persiste, avise a quien publica.";
    }
    MemberKeyUnproven {
        zh "成员的列表密钥已更换，但缺少旧密钥的证明，继续使用旧密钥。",
            "请该成员补交密钥变更声明，或按丢失密钥重新登记。";
        en "A member's list key changed without proof by the former key, so the former one stays.",
            "The member should supply a key change, or enrol again if the key is lost.";
        es "La clave de lista de un miembro cambió sin prueba de la anterior, que sigue en uso.",
            "El miembro debe aportar un cambio de clave o inscribirse de nuevo si la perdió.";
    }
    NoPossessionProof {
        zh "条目没有密钥持有证明，不予采用。", "请该省为此密钥补交持有证明。";
        en "The entry has no proof that its key is held, so it is not taken.",
            "Have the province add a proof of possession for that key.";
        es "La entrada no prueba la posesión de su clave y no se admite.",
            "La provincia debe añadir una prueba de posesión de esa clave.";
    }
    NotWitnessed {
        zh "列表签名正确但见证数不足，只采用其中的限制性变更。",
            "请检查见证方是否在线；新增内容待见证足够后生效。";
        en "The list is rightly signed but lacks witnesses, so only its restrictions apply.",
            "See whether the witnesses are reachable; additions wait until enough have signed.";
        es "La lista está bien firmada pero le faltan testigos; solo se aplican sus restricciones.",
            "Vea si los testigos responden; lo añadido espera a que firmen los suficientes.";
    }
    OutOfScope {
        zh "条目超出该成员获授的范围，不予采用。", "请该省删去此条目，或向联盟申请扩大范围。";
        en "The entry goes beyond what the member was granted, so it is not taken.",
            "Have the province remove it or apply for a wider scope.";
        es "La entrada excede lo concedido al miembro y no se admite.",
            "La provincia debe retirarla o solicitar un ámbito mayor.";
    }
    RootChainBroken {
        zh "新的信任根没有得到上一版密钥的足够签名。",
            "请经另一渠道向联盟运营方核实，切勿手动替换。";
        en "The new root is not signed by enough keys of the root before.",
            "Confirm with the federation's operators by a second channel; never swap it by hand.";
        es "La raíz nueva no está firmada por suficientes claves de la anterior.",
            "Confírmelo con los operadores de la federación por otro canal; no la cambie a mano.";
    }
    RootInvalid {
        zh "信任根格式有误。", "请重新获取信任根并核对指纹。";
        en "The root is malformed.", "Fetch the root again and compare its fingerprint.";
        es "La raíz está mal formada.", "Obtenga de nuevo la raíz y compare su huella.";
    }
    SeqJump {
        zh "列表序号跳跃过大，可能是快进攻击。", "请联系发布方确认；属实时按恢复程序处理。";
        en "The sequence leaps too far ahead; it may be a fast-forward attack.",
            "Confirm with the publisher; if it is genuine, follow the recovery procedure.";
        es "La secuencia salta demasiado; puede ser un ataque de avance rápido.",
            "Confírmelo con quien publica; si es auténtica, siga el procedimiento de recuperación.";
    }
    SnapshotMismatch {
        zh "文件的大小或摘要与新鲜度声明不符。", "请换一个镜像重新获取；多处不符时请报告。";
        en "The file's size or hash differs from what the freshness statement names.",
            "Fetch it from another mirror, and report it if several disagree.";
        es "El tamaño o el resumen del archivo difiere del que cita la declaración de frescura.",
            "Obténgalo de otra réplica e infórmelo si varias discrepan.";
    }
    SplitView {
        zh "日志的两份检查点互不一致，可能向不同成员展示了不同内容。",
            "请保存两份检查点作为证据，并立即报告。";
        en "Two heads of the log do not agree: members may be shown different things.",
            "Keep both heads as evidence and report at once.";
        es "Dos cabezas del diario no concuerdan: quizá se muestren cosas distintas a los miembros.",
            "Guarde ambas como prueba e informe de inmediato.";
    }
    ThresholdNotMet {
        zh "不同密钥的有效签名数未达到门限。", "请发布方补足签名后重新发布。";
        en "Too few distinct keys have signed.",
            "Have the publisher gather the missing signatures and publish again.";
        es "Han firmado muy pocas claves distintas.",
            "Pida a quien publica que reúna las firmas que faltan y publique de nuevo.";
    }
    Timeout {
        zh "获取更新用时过长，已放弃本次。", "系统会自动重试；持续出现时请检查网络。";
        en "The fetch took too long and was given up.",
            "It is tried again by itself; check the network if it goes on.";
        es "La descarga tardó demasiado y se abandonó.",
            "Se reintenta sola; revise la red si continúa.";
    }
    TooLarge {
        zh "更新超过声明或允许的大小。", "请换一个来源重新获取；仍如此时请报告。";
        en "The update is larger than was signed for or than is allowed.",
            "Fetch it from another source, and report it if it stays so.";
        es "La actualización supera el tamaño firmado o el permitido.",
            "Obténgala de otra fuente e infórmelo si sigue igual.";
    }
    WrongKeyUsage {
        zh "更新由另一种用途的密钥签名。", "请发布方使用专用的列表签名密钥。";
        en "The update is signed by a key meant for something else.",
            "Have the publisher sign with the key kept for lists.";
        es "La actualización está firmada con una clave destinada a otra cosa.",
            "Pida a quien publica que firme con la clave reservada a las listas.";
    }
    WrongSigner {
        zh "更新由另一成员的密钥签名。", "请勿采用；联系名义发布方核实并报告。";
        en "The update is signed by another member's key.",
            "Do not use it; ask the member named in it, and report.";
        es "La actualización está firmada con la clave de otro miembro.",
            "No la use; consulte al miembro nombrado en ella e informe.";
    }
    WrongTyp {
        zh "签名文件的类型与此处所需不同。", "请检查地址与文件是否弄混。";
        en "The signed document is of another type than is wanted here.",
            "See whether addresses or files were mixed up.";
        es "El documento firmado es de un tipo distinto del que aquí se pide.",
            "Vea si se confundieron direcciones o archivos.";
    }
}
