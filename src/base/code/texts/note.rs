//! Words for what is said beside a verdict and never decides it.

super::phrasebook! {
    IdentifierBad {
        zh "证照标识的校验位不符，属于数据缺陷，不能说明证照是假的。",
            "请照常处理，并将此数据缺陷告知签发机关。";
        en "The check character of the identifier is wrong: a data defect, no sign of forgery.",
            "Carry on as usual and report the defect to the issuing authority.";
        es "El carácter de control del identificador es erróneo: un defecto de datos, no indicio de falsedad.",
            "Prosiga con normalidad y comunique el defecto a la autoridad emisora.";
    }
    IdentifierVariant {
        zh "证照标识的校验位采用另一种通行算法。", "无需处理，仅供数据质量统计。";
        en "The check character follows the variant algorithm that some provinces use.",
            "Nothing to do; it is counted for data quality only.";
        es "El carácter de control sigue el algoritmo alternativo que usan algunas provincias.",
            "No hay que hacer nada; solo cuenta para la calidad de los datos.";
    }
    NotShown {
        zh "当事人未出示证照，以登记信息为准。", "登记有效的，不得仅因未出示而处罚。";
        en "The holder showed nothing; the register was asked instead.",
            "If the register says valid, impose no penalty only for not showing it.";
        es "El titular no mostró nada; se consultó el registro.",
            "Si el registro dice que es válida, no sancione solo por no mostrarla.";
    }
}
