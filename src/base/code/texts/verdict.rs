//! Words for the verdict on a presented licence, as an officer or a business reads them.

super::phrasebook! {
    CryptoNotAllowed {
        zh "签名算法或密钥不在该签发机构获准使用之列。",
            "请勿采信此凭证；可按证号或车牌查询登记信息，并告知签发机构。";
        en "The signature uses an algorithm or key this issuer is not allowed to use.",
            "Do not rely on this copy; look the licence up by number or plate and tell the issuer.";
        es "La firma usa un algoritmo o una clave que este emisor no tiene permitidos.",
            "No se base en esta copia; consulte la licencia por número o matrícula y avise al emisor.";
    }
    FormatDamaged {
        zh "这是电子证照，但内容残缺或格式有误，无法读取。",
            "请持证人重新出示或重新下载；仍不行时按证号或车牌查询。";
        en "This is an electronic licence, but it is damaged or badly formed.",
            "Ask the holder to show or download it again; otherwise look it up by number or plate.";
        es "Es una licencia electrónica, pero está dañada o mal formada.",
            "Pida al titular que la muestre o descargue de nuevo; si no, búsquela por número o matrícula.";
    }
    FormatTooLarge {
        zh "所提交的凭证超过允许的大小。", "请持证人从官方渠道重新获取证照后再出示。";
        en "What was shown is larger than any genuine licence may be.",
            "Ask the holder to fetch the licence again from the official channel.";
        es "Lo presentado supera el tamaño permitido para una licencia.",
            "Pida al titular que obtenga de nuevo la licencia por el canal oficial.";
    }
    FormatUnsupported {
        zh "这不是本系统能识别的证照格式。", "请确认扫描或上传的内容；也可按证号或车牌查询。";
        en "This is not a licence format known here.",
            "Check what was scanned or uploaded, or look the licence up by number or plate.";
        es "No es un formato de licencia conocido aquí.",
            "Compruebe lo escaneado o subido, o busque la licencia por número o matrícula.";
    }
    HolderBindingFailed {
        zh "出示者未能证明证照由其本人持有。", "请持证人在自己的手机上重新出示，并核对身份证件。";
        en "The person showing the licence did not prove that it is theirs to show.",
            "Ask the holder to present it again from their own device and compare the identity card.";
        es "Quien muestra la licencia no ha probado que le corresponde mostrarla.",
            "Pida al titular que la presente de nuevo desde su dispositivo y compare el documento de identidad.";
    }
    HolderClock {
        zh "核验设备自身的时间不可信，无法判断动态码是否新鲜。",
            "请校准设备时间后再验，或按证号、车牌查询。";
        en "The checking system's own clock cannot be trusted, so freshness is undecided.",
            "Set the clock right and check again, or look the licence up by number or plate.";
        es "El reloj del propio sistema de control no es fiable, así que la vigencia del código queda sin decidir.",
            "Ajuste el reloj y repita el control, o busque la licencia por número o matrícula.";
    }
    HolderCodeExpired {
        zh "动态码已超过六十秒有效时间。", "请持证人刷新动态码后重新扫描。";
        en "The dynamic code is older than its sixty seconds.",
            "Ask the holder to refresh the code and scan again.";
        es "El código dinámico ha superado sus sesenta segundos.",
            "Pida al titular que renueve el código y escanéelo otra vez.";
    }
    HolderReplay {
        zh "此动态码或随机数此前已使用过。",
            "请持证人刷新后重新出示，或按证号、车牌查询；这本身不说明有违法行为。";
        en "This code or nonce has been used before.",
            "Ask for a fresh one or look the licence up; this alone is no sign of wrongdoing.";
        es "Este código o número único ya se ha usado.",
            "Pida uno nuevo o busque la licencia; por sí solo no indica mala fe.";
    }
    HolderReplayUnchecked {
        zh "无法连接签发省份网关，不能确认此码是否首次使用。",
            "请核对身份证件或车牌，网络恢复后再验。";
        en "The issuing gateway was not reached, so first use of the code is not confirmed.",
            "Compare the identity card or plate, and check again when the connection is back.";
        es "No se pudo contactar con la pasarela emisora: no consta que sea el primer uso del código.",
            "Compare el documento de identidad o la matrícula y repita el control cuando vuelva la conexión.";
    }
    IssuerCertExpiredUnproven {
        zh "签发机构的签名证书已到期，且没有证据表明证照是在到期前签发的。",
            "请按证号向签发省份查询；持证人可申请换取新的电子凭证。";
        en "The signer's certificate has ended and nothing proves the licence was signed before.",
            "Look the licence up with the issuing province; the holder may ask for a new copy.";
        es "El certificado del firmante terminó y nada prueba que la licencia se firmara antes.",
            "Consulte a la provincia emisora; el titular puede pedir una copia nueva.";
    }
    IssuerCertRevoked {
        zh "签名证书已被吊销，且没有证据表明证照在此之前已经存在。",
            "请勿采信此凭证；按证号向签发省份查询，持证人可申请重新签发。";
        en "The signer's certificate was revoked and nothing proves the licence existed before that.",
            "Do not rely on this copy; look it up with the issuing province. The holder may ask for a new one.";
        es "El certificado del firmante fue revocado y nada prueba que la licencia existiera antes.",
            "No se base en esta copia; consulte a la provincia emisora. El titular puede pedir otra.";
    }
    IssuerKeyUnknown {
        zh "找不到签名所用的证书，凭证也未附带证书。",
            "请按证号或车牌查询；也可更新信任列表后再验。";
        en "The certificate behind the signature is unknown and none was sent along.",
            "Look the licence up by number or plate, or update the trust lists and check again.";
        es "No se conoce el certificado de la firma y no se adjuntó ninguno.",
            "Busque la licencia por número o matrícula, o actualice las listas de confianza y repita el control.";
    }
    IssuerNotFederated {
        zh "签发机构不在互认名单之内，本系统不予识别；这不等于证照是假的。",
            "请持证人出示纸质证件，或向其签发机构核实。";
        en "The issuer is not recognised in this federation. That says nothing about the licence itself.",
            "Ask for the paper licence or confirm with the authority that issued it.";
        es "El emisor no está reconocido en esta federación. Eso no dice nada sobre la licencia en sí.",
            "Pida la licencia en papel o consulte a la autoridad que la expidió.";
    }
    IssuerOutOfScope {
        zh "签发机构获得互认，但其权限不包括此地区、此类证照或此种用途。",
            "请勿采信此凭证；按证号向有权的签发机关查询，并告知联盟运营方。";
        en "The issuer is recognised, but not for this area, licence type or use.",
            "Do not rely on this copy; look it up with the competent authority and tell the federation.";
        es "El emisor está reconocido, pero no para esta zona, tipo de licencia o uso.",
            "No se base en esta copia; consulte a la autoridad competente y avise a la federación.";
    }
    IssuerSuspended {
        zh "签发机构或其所在省份目前暂停互认。",
            "请持证人出示纸质证件，或直接向签发省份核实；恢复后可再验。";
        en "The issuer or its province is suspended for the time being.",
            "Ask for the paper licence or confirm with the province; check again once it is restored.";
        es "El emisor o su provincia está suspendido por ahora.",
            "Pida la licencia en papel o consulte a la provincia; repita el control cuando se restablezca.";
    }
    IssuerWithdrawn {
        zh "签发机构或其所在省份已退出互认。",
            "请持证人向现主管机关申请新证照；可出示纸质证件供核对。";
        en "The issuer or its province has left the federation.",
            "Ask for the paper licence; the holder should ask the authority now in charge for a new one.";
        es "El emisor o su provincia ha dejado la federación.",
            "Pida la licencia en papel; el titular debe solicitar otra a la autoridad hoy competente.";
    }
    LicenceCancelled {
        zh "证照已注销。", "不得凭此证照经营或上岗；持证人如有异议，请联系签发机关。";
        en "The licence has been cancelled and removed from the register (注销).",
            "It gives no right to operate; a holder who disagrees should contact the issuing authority.";
        es "La licencia fue cancelada y dada de baja del registro (注销).",
            "No autoriza a operar; si el titular no está de acuerdo, debe acudir a la autoridad emisora.";
    }
    LicenceExpired {
        zh "证照已过有效期。", "请持证人向签发机关办理延续或换证。";
        en "The licence is past its end date.",
            "The holder should renew it with the issuing authority.";
        es "La licencia ha superado su fecha de fin.",
            "El titular debe renovarla ante la autoridad emisora.";
    }
    LicenceInvalid {
        zh "登记机关表明证照目前无效，未说明具体原因。", "请向签发机关了解原因；持证人可要求说明。";
        en "The register says the licence is not valid, without naming the act.",
            "Ask the issuing authority for the reason; the holder is entitled to one.";
        es "El registro indica que la licencia no es válida, sin precisar el acto.",
            "Pida el motivo a la autoridad emisora; el titular tiene derecho a conocerlo.";
    }
    LicenceNotYetValid {
        zh "证照尚未到生效日期。", "请在生效日期之后使用；可询问持证人是否另有仍有效的证照。";
        en "The licence has not reached its start date.",
            "It counts from that date on; ask whether an earlier licence is still valid.";
        es "La licencia aún no ha llegado a su fecha de inicio.",
            "Vale a partir de esa fecha; pregunte si sigue vigente una licencia anterior.";
    }
    LicenceRevoked {
        zh "证照已被吊销。", "不得凭此证照经营或上岗；持证人可依法申请行政复议或提起诉讼。";
        en "The licence was revoked as a penalty (吊销).",
            "It gives no right to operate; the holder may appeal as the law provides.";
        es "La licencia fue revocada como sanción (吊销).",
            "No autoriza a operar; el titular puede recurrir conforme a la ley.";
    }
    LicenceStatusUnknown {
        zh "登记信息中的状态无法识别，证照是否有效未定。",
            "请向签发机关核实当前状态，核实前不作结论。";
        en "The register gave a status that is not known here, so validity is undecided.",
            "Confirm the present status with the issuing authority before concluding anything.";
        es "El registro dio un estado desconocido aquí; la validez queda sin decidir.",
            "Confirme el estado actual con la autoridad emisora antes de concluir nada.";
    }
    LicenceSuperseded {
        zh "证照已换发，新证照编号见报告。", "请持证人出示新证照，或按新编号查询。";
        en "The licence was replaced by a newer one, whose number is shown.",
            "Ask for the newer licence or look it up by that number.";
        es "La licencia fue sustituida por otra, cuyo número se indica.",
            "Pida la licencia nueva o búsquela por ese número.";
    }
    LicenceSuspended {
        zh "证照正被暂扣。", "暂扣期间不得凭此证照经营或上岗；期满或处理完毕后可再验。";
        en "The licence is suspended for a time (暂扣).",
            "It gives no right to operate until the suspension ends; check again then.";
        es "La licencia está suspendida temporalmente (暂扣).",
            "No autoriza a operar hasta que termine la suspensión; repita el control entonces.";
    }
    LicenceTransferredOut {
        zh "证照已转出，由另一机关管理。", "请向转入机关查询现行证照。";
        en "The licence has moved to another authority.",
            "Look up the current licence with the authority that took it over.";
        es "La licencia pasó a otra autoridad.",
            "Busque la licencia vigente en la autoridad que la recibió.";
    }
    LicenceWithdrawn {
        zh "证照已被撤销。", "不得凭此证照经营或上岗；持证人可向作出决定的机关了解理由。";
        en "The grant of the licence was withdrawn as wrongly made (撤销).",
            "It gives no right to operate; the holder may ask the deciding authority for its reasons.";
        es "Se anuló la concesión de la licencia por haberse hecho indebidamente (撤销).",
            "No autoriza a operar; el titular puede pedir los motivos a la autoridad que decidió.";
    }
    Ok {
        zh "有效，各项核验均已通过。", "可予认可，无需其他操作。";
        en "Valid: every check passed.", "Accept the licence; nothing more is needed.";
        es "Válida: todas las comprobaciones se superaron.",
            "Acepte la licencia; no hace falta nada más.";
    }
    OperatorNotOperating {
        zh "登记显示该经营者目前未处于营业状态，证照本身的状态另列。",
            "请询问情况并向签发机关核实经营状态。";
        en "The register shows the operator as not in business; the licence's own status is separate.",
            "Ask about it and confirm the operator's state with the issuing authority.";
        es "El registro indica que el operador no está en actividad; el estado de la licencia es otro asunto.",
            "Pregunte por ello y confirme la situación del operador con la autoridad emisora.";
    }
    PassExcluded {
        zh "今天属于通行证排除的日期。", "请改日通行或绕行；可通行的日期见报告。";
        en "Today is a date on which this pass does not apply.",
            "Take another route or another day; the report shows when the pass applies.";
        es "Hoy es una fecha en la que este pase no se aplica.",
            "Tome otra ruta u otro día; el informe indica cuándo se aplica el pase.";
    }
    PassHours {
        zh "当前时间不在通行证允许的时段内。", "请等到下一个允许时间（见报告）或绕行。";
        en "The pass does not allow passage at this hour.",
            "Wait for the next allowed time shown in the report, or take another route.";
        es "El pase no permite circular a esta hora.",
            "Espere a la próxima hora permitida que indica el informe o tome otra ruta.";
    }
    PassPlateNotCompared {
        zh "静态码已识别，但尚未与车辆号牌比对。", "请将屏幕上的号牌与实际车辆核对后再决定。";
        en "The static code reads well, but the vehicle's plate has not been compared.",
            "Compare the plate shown with the plate on the vehicle before deciding.";
        es "El código estático se lee bien, pero no se ha comparado la matrícula del vehículo.",
            "Compare la matrícula mostrada con la del vehículo antes de decidir.";
    }
    PassSection {
        zh "此路段不在通行证允许的范围内。", "请改走通行证所列路段，或申请增加路段。";
        en "The pass does not cover this road section.",
            "Use the sections listed on the pass, or apply to have this one added.";
        es "El pase no cubre este tramo de vía.",
            "Use los tramos que figuran en el pase o solicite añadir este.";
    }
    PassVehicle {
        zh "现场车辆号牌与通行证所载不一致。",
            "请再次核对号牌与颜色；确不一致时，该车不能使用此证。";
        en "The plate seen differs from the plate on the licence.",
            "Compare plate and colour once more; if they still differ, it does not cover this vehicle.";
        es "La matrícula observada difiere de la que consta en la licencia.",
            "Compare otra vez matrícula y color; si siguen sin coincidir, no ampara a este vehículo.";
    }
    RegisterNotFound {
        zh "所询各省登记中均未查到记录；没有记录不能证明没有证照。",
            "请核对号码与颜色，请当事人出示纸质证件，或向发证机关核实。";
        en "No province asked has a record. No record is no proof that there is no licence.",
            "Check number and plate colour, ask for the paper licence, or confirm with the authority.";
        es "Ninguna provincia consultada tiene registro. Que no conste no prueba que no haya licencia.",
            "Revise número y color de la matrícula, pida la licencia en papel o consulte a la autoridad.";
    }
    RegisterUnavailable {
        zh "有省份未能答复，查询结果不完整；未答复的省份见报告。",
            "请稍后再查，或请当事人出示纸质证件；不得因此作不利处理。";
        en "A province did not answer, so the result is incomplete; the report names it.",
            "Ask again later or look at the paper licence; hold nothing against the holder for this.";
        es "Una provincia no respondió y el resultado está incompleto; el informe la nombra.",
            "Consulte más tarde o vea la licencia en papel; no perjudique al titular por ello.";
    }
    RegisterValid {
        zh "签发机关登记显示证照有效。", "可按有效证照认可；无需当事人另行出示。";
        en "The issuing register says the licence is in force.",
            "Treat it as a valid licence; the holder need not show anything further.";
        es "El registro emisor indica que la licencia está en vigor.",
            "Trátela como licencia válida; el titular no tiene que mostrar nada más.";
    }
    ReviewFailed {
        zh "证照的年度审验不合格；证照状态本身另列。", "请按当地规定处理，并提示持证人整改后复审。";
        en "The annual review was failed; the licence's own status is separate.",
            "Follow the local rule and point the holder to a repeat review.";
        es "La revisión anual no se superó; el estado de la licencia es otro asunto.",
            "Siga la norma local e indique al titular cómo repetir la revisión.";
    }
    ReviewOverdue {
        zh "证照的年度审验已逾期；证照状态本身另列。",
            "请提示持证人尽快办理审验，并按当地规定处理。";
        en "The annual review is overdue; the licence's own status is separate.",
            "Remind the holder to have it done soon, and follow the local rule.";
        es "La revisión anual está atrasada; el estado de la licencia es otro asunto.",
            "Recuerde al titular que la haga pronto y siga la norma local.";
    }
    StatusMissing {
        zh "此类证照应带状态信息，但凭证中没有。", "请勿采信此凭证；按证号查询，持证人可重新获取。";
        en "This kind of licence must carry a status reference, and this copy has none.",
            "Do not rely on this copy; look the licence up by number. The holder may fetch a new one.";
        es "Este tipo de licencia debe llevar una referencia de estado y esta copia no la tiene.",
            "No se base en esta copia; busque la licencia por número. El titular puede obtener otra.";
    }
    StatusStale {
        zh "手头的状态信息过旧，不足以支持此种用途。", "请联网后再验，或按证号查询最新状态。";
        en "The status at hand is older than this use allows.",
            "Check again when connected, or look up the present status by number.";
        es "El estado disponible es más antiguo de lo que este uso permite.",
            "Repita el control con conexión o consulte el estado actual por número.";
    }
    StatusUnavailable {
        zh "暂时取不到可信的状态列表，证照是否仍有效未定。",
            "请稍后再验或按证号查询；不要据此认定证照无效。";
        en "No trusted status list could be had, so it is undecided whether the licence still holds.",
            "Try again shortly or look it up by number; do not treat it as invalid for this reason.";
        es "No se pudo obtener una lista de estado fiable: no consta si la licencia sigue vigente.",
            "Inténtelo en breve o búsquela por número; no la trate como inválida por este motivo.";
    }
    TamperedDisclosure {
        zh "所出示的某项内容与签发时的记录不一致。",
            "请勿采信此凭证；核对身份并按证号查询登记信息。";
        en "A detail shown does not match what the issuer signed.",
            "Do not rely on this copy; compare the identity and look the licence up by number.";
        es "Un dato mostrado no coincide con lo que firmó el emisor.",
            "No se base en esta copia; compare la identidad y busque la licencia por número.";
    }
    TamperedSignature {
        zh "签名验证未通过，凭证内容与签名不符。",
            "请勿采信其中任何内容；按证号或车牌查询登记信息。";
        en "The signature does not match the content.",
            "Trust nothing on this copy; look the licence up by number or plate.";
        es "La firma no corresponde al contenido.",
            "No dé por cierto nada de esta copia; busque la licencia por número o matrícula.";
    }
    TrustExpired {
        zh "本系统的信任列表已过期，无法作出判断；问题不在证照。",
            "请通知网关运维更新信任列表，其间可查看纸质证件。";
        en "Our trust list is past its end, so nothing can be decided; the licence is not at fault.",
            "Have the gateway's operator update the lists; look at the paper licence meanwhile.";
        es "Nuestra lista de confianza ha vencido y no se puede decidir; la licencia no tiene la culpa.",
            "Pida al operador de la pasarela que actualice las listas; entretanto vea la licencia en papel.";
    }
    VehicleNotInService {
        zh "登记显示该车辆目前未处于营运状态，证照本身的状态另列。",
            "请询问情况并向签发机关核实车辆营运状态。";
        en "The register shows the vehicle as not in service; the licence's own status is separate.",
            "Ask about it and confirm the vehicle's state with the issuing authority.";
        es "El registro indica que el vehículo no está en servicio; el estado de la licencia es otro asunto.",
            "Pregunte por ello y confirme la situación del vehículo con la autoridad emisora.";
    }
}
