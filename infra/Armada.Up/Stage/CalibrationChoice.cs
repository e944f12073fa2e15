namespace Armada.Up.Stage;

/// <summary>Which calibration file in a folder of LeRobot's belongs to an arm.</summary>
internal static class CalibrationChoice
{
    /// <summary>The one file of an arm's role.</summary>
    /// <exception cref="CalibrationChoiceException">There is none, or more than one.</exception>
    public static string Of(DirectoryInfo folder, string role) => throw new CalibrationChoiceException(folder + role);
}

/// <summary>The calibration folder does not say which file to take; the message names it and what to do.</summary>
internal sealed class CalibrationChoiceException(string message) : Exception(message);
