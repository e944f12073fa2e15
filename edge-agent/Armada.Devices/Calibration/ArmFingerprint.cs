using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;

namespace Armada.Devices.Calibration;

/// <summary>What one servo keeps that tells it from others; its firmware may be updated.</summary>
public sealed record ServoFingerprint(byte Id, string Firmware, int HomingOffset, int RangeMin, int RangeMax);

/// <summary>By what an arm is known, for its servos have no serial numbers: offsets and ranges that no two arms are calibrated to.</summary>
/// <param name="Servos">In the order of the arm's joints; null for one that was silent.</param>
public sealed record ArmFingerprint(ImmutableArray<ServoFingerprint?> Servos)
{
    public static ArmFingerprint Of(ImmutableArray<ServoEeprom?> survey) => new(
        [.. ArmJoint.All.Zip(survey, (joint, eeprom) => eeprom is null ? null : Of(ServoCalibration.Of(joint, eeprom), eeprom.Firmware))]);

    public static ArmFingerprint Of(ArmCalibration calibration) => new([.. calibration.Joints.Select(joint => Of(joint, ""))]);

    [JsonIgnore]
    public bool IsComplete => Servos.All(servo => servo is not null);

    /// <summary>How another differs where both have a servo; empty for the same arm.</summary>
    public ImmutableArray<string> DifferencesTo(ArmFingerprint known) =>
    [
        .. from joint in ArmJoint.All.Zip(Servos, known.Servos)
           where joint is { Second: not null, Third: not null }
           from value in new (string Name, int Found, int Known)[]
           {
               ("homing_offset", joint.Second.HomingOffset, joint.Third.HomingOffset),
               ("range_min", joint.Second.RangeMin, joint.Third.RangeMin),
               ("range_max", joint.Second.RangeMax, joint.Third.RangeMax),
           }
           where value.Found != value.Known
           select $"{joint.First}: {value.Name} is {value.Found}, was {value.Known}",
    ];

    private static ServoFingerprint Of(JointCalibration joint, string firmware) =>
        new(joint.Id, firmware, joint.HomingOffset, joint.RangeMin, joint.RangeMax);
}
