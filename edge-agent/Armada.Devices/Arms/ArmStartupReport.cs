using System.Collections.Immutable;
using Armada.Devices.ServoBus;

namespace Armada.Devices.Arms;

/// <summary>How far a servo came at an arm's start.</summary>
public enum ServoState
{
    Ready, // Configured; on a follower holding its pose, torque on.
    Silent, // It does not answer.
    WrongModel, // It is another model than the arm's; left alone.
    Unconfigured, // It answered at first, then left a setting unanswered; torque was not put on.
}

/// <param name="Model">Its model number; 0 when silent.</param>
/// <param name="Firmware">Its firmware, such as 3.10; empty when silent.</param>
public sealed record ServoCheck(ArmJoint Joint, ServoState State, int Model, string Firmware, ServoErrors Errors)
{
    /// <param name="eeprom">Null when it does not answer.</param>
    internal static ServoCheck Of(ArmJoint joint, ServoEeprom? eeprom) => eeprom is null
        ? new ServoCheck(joint, ServoState.Silent, 0, "", ServoErrors.None)
        : new ServoCheck(
            joint, eeprom[Sts3215.ModelNumber] == Sts3215.Model ? ServoState.Ready : ServoState.WrongModel, eeprom[Sts3215.ModelNumber],
            eeprom.Firmware, eeprom.Errors);

    /// <summary>What a person should know and do, or null when all is well.</summary>
    public string? Problem => State switch
    {
        ServoState.Silent => $"{Joint} (servo {Joint.Id}) does not answer: check its cable, its power and its id",
        ServoState.WrongModel => $"{Joint} (servo {Joint.Id}) is model {Model}, not {Sts3215.Model}: not an STS3215",
        ServoState.Unconfigured => $"{Joint} (servo {Joint.Id}) stopped answering while it was set up: check cable and power",
        _ => Errors == ServoErrors.None ? null : $"{Joint} (servo {Joint.Id}) reports {Errors}",
    };
}

/// <summary>What became of an arm's start. Servos that failed do not keep the others from working.</summary>
public sealed record ArmStartupReport(ImmutableArray<ServoCheck> Servos)
{
    public bool IsComplete => Servos.All(servo => servo.State == ServoState.Ready);

    public JointSet Ready => Servos.Select((servo, joint) => (servo, joint))
        .Aggregate(default(JointSet), (set, next) => next.servo.State == ServoState.Ready ? set.With(next.joint) : set);

    /// <summary>Whether the servos that answered differ in firmware, which LeRobot refuses and which is known to lose answers.</summary>
    public bool HasMixedFirmware => Servos.Select(servo => servo.Firmware).Where(firmware => firmware.Length > 0).Distinct().Count() > 1;

    public IEnumerable<string> Problems
    {
        get
        {
            foreach (var servo in Servos)
            {
                if (servo.Problem is { } complaint)
                    yield return complaint;
            }

            if (HasMixedFirmware)
            {
                var versions = string.Join(", ", Servos.Select(servo => servo.Firmware is "" ? "?" : servo.Firmware));
                yield return $"servos differ in firmware ({versions}): update them";
            }
        }
    }
}
