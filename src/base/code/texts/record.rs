//! Words for the judgement on an e-record, as whoever files or audits it reads them.

super::phrasebook! {
    RecordAudience {
        zh "此电子档案是为另一接收方制作的。", "请确认取得途径；如需自用，请另行取得授权。";
        en "This record was made for another recipient.",
            "Make sure it came to you rightly; for your own use ask for your own permission.";
        es "Este registro se hizo para otro destinatario.",
            "Asegúrese de haberlo recibido legítimamente; para uso propio pida su propio permiso.";
    }
    RecordExpired {
        zh "电子档案的保存期限已过，其证明内容仍可核验。",
            "请按约定删除档案，除非法律要求继续保存。";
        en "The record's keeping period has ended; what it proves can still be verified.",
            "Delete it as agreed, unless the law requires you to keep it.";
        es "El plazo de conservación del registro terminó; lo que prueba aún puede verificarse.",
            "Bórrelo según lo acordado, salvo que la ley obligue a conservarlo.";
    }
    RecordGrant {
        zh "档案所依据的授权不成立：签名、绑定、期限或使用次数不符。",
            "请勿采信此档案；向制作方索取依据有效授权的档案。";
        en "The permission behind the record does not hold: signature, binding, period or use.",
            "Do not rely on the record; ask its maker for one with a valid permission.";
        es "El permiso en que se basa el registro no se sostiene: firma, vínculo, plazo o uso.",
            "No se base en él; pida al autor uno con un permiso válido.";
    }
    RecordManifest {
        zh "档案某部分与其清单不符。", "请勿采信此档案；向制作方重新索取原件。";
        en "A part of the record does not match its manifest.",
            "Do not rely on this file; ask its maker for the original.";
        es "Una parte del registro no coincide con su manifiesto.",
            "No se base en este archivo; pida el original a su autor.";
    }
    RecordNoPoe {
        zh "档案没有存在时间证明，无法判断过去时刻的情况。",
            "可改按当前时刻核验，或索取带时间证明的档案。";
        en "The record has no proof of when it existed, so a past instant cannot be judged.",
            "Verify it as of now, or ask for a record with a proof of time.";
        es "El registro no prueba cuándo existía, así que no se puede juzgar un instante pasado.",
            "Verifíquelo a fecha de hoy o pida un registro con prueba de tiempo.";
    }
    RecordPartMissing {
        zh "档案缺少其依据所要求的部分。", "请向制作方索取完整档案。";
        en "The record lacks a part that its basis or level demands.",
            "Ask its maker for the complete record.";
        es "Al registro le falta una parte que su base o nivel exige.",
            "Pida al autor el registro completo.";
    }
    RecordProofInvalid {
        zh "档案所附的时间证明或日志证明验证未通过。",
            "请勿采信此档案；联系制作方和出具证明的一方。";
        en "A proof of time or of the log in the record does not verify.",
            "Do not rely on the record; contact its maker and the issuer of the proof.";
        es "Una prueba de tiempo o del diario incluida en el registro no se verifica.",
            "No se base en él; contacte con el autor y con quien emitió la prueba.";
    }
    RecordSignature {
        zh "档案的网关签名验证未通过。", "请勿采信此档案；向制作方核实并重新索取。";
        en "The gateway's signature on the record does not verify.",
            "Do not rely on the record; confirm with its maker and ask for it again.";
        es "La firma de la pasarela sobre el registro no se verifica.",
            "No se base en él; consulte al autor y pídalo de nuevo.";
    }
    RecordStatus {
        zh "档案中的状态证据未覆盖使用时刻。", "请索取覆盖该时刻的状态证据，或向签发省份查询。";
        en "The status evidence in the record does not cover the time of use.",
            "Ask for evidence that covers it, or ask the issuing province.";
        es "La prueba de estado del registro no cubre el momento del uso.",
            "Pida una que lo cubra o consulte a la provincia emisora.";
    }
    RecordTransaction {
        zh "持证人所同意的内容与档案所载不一致。", "请勿采信此档案；向持证人和制作方核实。";
        en "What the holder agreed to differs from what the record says.",
            "Do not rely on the record; confirm with the holder and its maker.";
        es "Lo que el titular aceptó difiere de lo que dice el registro.",
            "No se base en él; confírmelo con el titular y con el autor.";
    }
    RecordVerdictMismatch {
        zh "重新核验的结果与档案中保存的报告不同。", "请保留档案并交由人工审查，暂不采信。";
        en "Verifying again gives another result than the report kept in the record.",
            "Keep the file, have a person examine it, and do not rely on it meanwhile.";
        es "Al verificar de nuevo se obtiene otro resultado que el informe guardado.",
            "Conserve el archivo, haga que una persona lo examine y entretanto no se base en él.";
    }
    RecordVersion {
        zh "档案的主版本号无法识别。", "请升级核验软件后再试。";
        en "The record's major version is not known here.",
            "Update the verifying software and try again.";
        es "No se conoce aquí la versión mayor del registro.",
            "Actualice el programa de verificación e inténtelo de nuevo.";
    }
}
